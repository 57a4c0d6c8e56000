import {existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {systemClock} from '@fiona/lib/cli/clock';
import {silentLog} from '@fiona/lib/cli/log';
import {connectProject} from '@fiona/lib/redcap/connect';
import {seriesFields, studyFields, transferFields} from '@fiona/lib/redcap/incoming';
import type {Row, WriteRow} from '@fiona/lib/redcap/row';
import {formatRedcapTime, parseRedcapTime} from '@fiona/lib/redcap/time';
import {Gateway} from '../../scripts/demo-story/gateway.ts';
import {letTimePass} from '../../scripts/demo-story/timePasses.ts';
import {dist, filesBelow, namesIn, pipeline, runInstalled, textOf, until} from './installedTools.ts';
import {mrImage} from './mrImage.ts';
import type {ToolResult} from './sandbox.ts';
import {clearFaults, queueFaults} from './sandboxFaults.ts';
import {type AeTitles, type Stored, storeFiles} from './storeFiles.ts';

/** A gateway of installed tools (`dist/`) with REDCap and research PACS, in a folder of its own. */
export class InstalledGateway {
  readonly dir: string;
  readonly gateway: Gateway;
  #files = 0;

  private constructor(dir: string, gateway: Gateway) {
    this.dir = dir;
    this.gateway = gateway;
  }

  /** Makes it; REDCap and PACS answer, no daemon runs. REDCap calls are tried once and without a throttle. */
  static async make(change: Record<string, unknown> = {}): Promise<InstalledGateway> {
    if (!existsSync(join(dist, 'bin/populateIncoming'))) throw new Error('dist/ is absent: run scripts/build first');
    const dir = mkdtempSync(join(tmpdir(), 'fiona-gateway-'));
    const plain = await Gateway.make(dir);
    const {REDCAP, RESEARCH_PACS} = JSON.parse(readFileSync(plain.configFile, 'utf8'));
    const quick = {
      REDCAP: {...REDCAP, attempts: 1, requestsPerMinute: 100_000},
      RESEARCH_PACS: {...RESEARCH_PACS, storage: {...RESEARCH_PACS.storage, retries: 0}},
    };
    const made = new InstalledGateway(dir, await Gateway.make(dir, {...quick, ...change}));
    await made.gateway.startSandbox();
    return made;
  }

  get config() {
    return this.gateway.config;
  }

  get site(): string {
    return join(this.config.DATADIR, 'site');
  }

  path(...parts: string[]): string {
    return join(this.dir, ...parts);
  }

  /** Starts both daemons. */
  async startDaemons(): Promise<void> {
    for (const tool of ['server/bin/processSingleFile3', 'server/bin/storectl']) {
      const {code, stdout} = await this.run(tool, ['start']);
      if (code !== 0) throw new Error(`${tool} start ended with ${code}: ${stdout}`);
    }
  }

  /** Runs an installed tool to its end. */
  async run(tool: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<ToolResult> {
    return runInstalled(tool, args, {...this.gateway.environment, ...env});
  }

  /** Changes top-level keys of the configuration file; daemons that run keep theirs. */
  configure(change: Record<string, unknown>): void {
    const now = JSON.parse(readFileSync(this.gateway.configFile, 'utf8')) as Record<string, unknown>;
    writeFileSync(this.gateway.configFile, JSON.stringify({...now, ...change}));
  }

  /** Writes a file for a modality to send. */
  file(content: Buffer | string): string {
    this.#files += 1;
    mkdirSync(this.path('modality'), {recursive: true});
    const path = this.path('modality', `${this.#files}.dcm`);
    writeFileSync(path, content);
    return path;
  }

  /** Sends images with C-STORE; one answer each, in their order. */
  send(images: readonly Buffer[], titles: AeTitles = {}): Promise<Stored[]> {
    const paths = images.map(image => this.file(image));
    return storeFiles(this.config.DICOMPORT ?? 0, paths, titles);
  }

  /** Puts a file where the receiver would have put it, without announcing it. */
  archive(study: string, name: string, content: Buffer | string): string {
    const path = join(this.site, 'archive', `scp_${study}`, name);
    mkdirSync(dirname(path), {recursive: true});
    writeFileSync(path, content);
    return path;
  }

  /** The summary of a series as it is just now. */
  summary(study: string, series: string): Record<string, unknown> | undefined {
    const path = join(this.site, 'raw', study, `${series}.json`);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>) : undefined;
  }

  /** Waits until a series counts so many instances. */
  async indexed(study: string, series: string, count: number): Promise<void> {
    await until(() => this.summary(study, series)?.NumFiles === String(count), `${series} counts ${count}`);
  }

  /** Lines of `failed.jsonl`: what the index daemon could not index. */
  failed(): {message: string; error: string}[] {
    const path = join(this.site, 'temp/failed.jsonl');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    return lines.map(line => JSON.parse(line) as {message: string; error: string});
  }

  receiverLog(): string {
    return textOf(this.path('server/logs/storescpdABCD.log'));
  }

  indexLog(): string {
    return textOf(this.path('server/logs/processSingleFile.log'));
  }

  /** Makes everything on disk three minutes old, so that the pipeline takes it up. */
  async settle(): Promise<void> {
    await letTimePass(this.config.DATADIR, 180);
  }

  /** Runs the three pipeline tools; every one must end with 0. */
  async runPipeline(): Promise<void> {
    await this.settle();
    for (const tool of pipeline) {
      const {code, stdout, stderr} = await this.run(tool);
      if (code !== 0) throw new Error(`${tool} ended with ${code}:\n${stdout}${stderr}`);
    }
  }

  async write(
    project: 'Incoming' | 'CouplingList' | 'Routing' | 'DataTransferProjects',
    rows: WriteRow[],
  ): Promise<void> {
    const redcap = connectProject(this.config, project, {log: silentLog, clock: systemClock});
    const {rejected} = await redcap.write(rows);
    redcap.close();
    if (rejected.length > 0) throw new Error(`REDCap ${project} refused ${JSON.stringify(rejected)}`);
  }

  /** Says that the study of this accession number belongs to a research project. */
  async couple(record: number, accession: string, project: string, subject: string): Promise<void> {
    const values = {cl_accessionnumber: accession, cl_projectname: project, cl_subjectid: subject};
    await this.write('CouplingList', [{record: String(record), values}]);
  }

  /** Says that the study of this UID belongs to a research project. */
  async coupleStudy(record: number, study: string, project: string, subject: string): Promise<void> {
    const values = {cl_studyinstanceuid: study, cl_projectname: project, cl_subjectid: subject};
    await this.write('CouplingList', [{record: String(record), values}]);
  }

  /** All rows of Incoming. */
  async incoming(): Promise<Row[]> {
    const redcap = connectProject(this.config, 'Incoming', {log: silentLog, clock: systemClock});
    const fields = [studyFields, seriesFields, transferFields].flatMap(({mandatory, optional}) => [
      ...mandatory,
      ...optional,
    ]);
    const rows = await redcap.read({fields});
    redcap.close();
    return rows;
  }

  /** Sends a study of two small images that belongs to a project; it is indexed and old enough for the pipeline. */
  async sendStudy(study: string, record: number): Promise<void> {
    const series = `${study}.1`;
    await this.coupleStudy(record, study, 'DEMO-BRAIN', `BRAIN_${String(record).padStart(4, '0')}`);
    const image = (instance: number): Buffer =>
      mrImage({StudyInstanceUID: study, SeriesInstanceUID: series, SOPInstanceUID: `${series}.${instance}`});
    await this.send([image(1), image(2)]);
    await this.indexed(study, series, 2);
    await this.settle();
  }

  /** Values of the rows of one study: base row (`undefined`), series or transfers. */
  async rowsOf(study: string, form: string | undefined): Promise<Record<string, string>[]> {
    return (await this.incoming()).filter(row => row.record === study && row.form === form).map(({values}) => values);
  }

  /** What is wrong when a study of {@link sendStudy} should have been transferred once and for all. */
  async transferProblems(study: string): Promise<string[]> {
    const transfers = await this.rowsOf(study, 'transfers');
    const {
      transfers_complete: complete,
      transfer_error_message: message,
      transfer_mapped_uid: mapped,
    } = transfers[0] ?? {};
    const {waiting, done} = this.requests();
    const finished = done.filter(name => name.startsWith(`${study}_`) && name.endsWith('.log')).length;
    const sent = this.pacs().filter(name => name.startsWith(`${mapped}/`)).length;
    return [
      ...(transfers.length === 1 ? [] : [`${transfers.length} transfer rows`]),
      ...(complete === '2' && message === '' ? [] : [`complete ${complete}, message ${message}`]),
      ...(sent === 2 ? [] : [`${sent} instances in the PACS`]),
      ...waiting.map(name => `waiting: ${name}`),
      ...(finished === 1 ? [] : [`${finished} finished requests`]),
    ];
  }

  /** Deletes every study in Incoming. */
  async removeStudies(): Promise<void> {
    const redcap = connectProject(this.config, 'Incoming', {log: silentLog, clock: systemClock});
    const names = await redcap.names();
    if (names.length > 0) await redcap.remove(names);
    redcap.close();
  }

  async transfers(): Promise<Row[]> {
    return (await this.incoming()).filter(({form}) => form === 'transfers');
  }

  /** Sets the dates of finished transfers back, as if they had been made so long ago. */
  async backdateTransfers(seconds: number): Promise<void> {
    const {timeZone} = this.config.REDCAP;
    const earlier = (date: string): string => {
      const then = parseRedcapTime(date, timeZone);
      return then === undefined ? '' : formatRedcapTime(new Date(then.getTime() - seconds * 1000), timeZone);
    };
    const finished = (await this.transfers()).filter(({values}) => values.transfer_date !== '');
    const rows = finished.map(({values, ...key}) => ({
      ...key,
      values: {transfer_date: earlier(values.transfer_date ?? '')},
    }));
    if (rows.length > 0) await this.write('Incoming', rows);
  }

  /** Files that the research PACS holds, below its folder. */
  pacs(): string[] {
    return filesBelow(this.path('pacs')).filter(name => name.endsWith('.dcm'));
  }

  /** Request files by folder: waiting ones without the notes when to try again, done and failed ones with their notes. */
  requests(): {waiting: string[]; done: string[]; failed: string[]} {
    return {
      waiting: namesIn(this.path('transfer_requests')).filter(name => !name.startsWith('.')),
      done: namesIn(this.path('transfers_done')),
      failed: namesIn(this.path('transfers_fail')),
    };
  }

  /** As if the minutes until the next try were over. */
  letRetriesPass(): void {
    for (const name of namesIn(this.path('transfer_requests')))
      if (name.endsWith('.retry')) rmSync(this.path('transfer_requests', name));
  }

  /** Queues faults of REDCap or PACS. */
  fault(...faults: unknown[]): void {
    queueFaults(this.dir, faults);
  }

  clearFaults(): void {
    clearFaults(this.dir);
  }

  /** Everything that lies in the gateway's folder but what REDCap and PACS keep for themselves. */
  tree(): string[] {
    return filesBelow(this.dir).filter(name => !/^(redcap\.db|tls\/|tokens\/|modality\/)/.test(name));
  }

  /** Texts of a patient that stand in a log, note, request or state file, where none may be: `file: text`. */
  leaks(texts: readonly string[]): string[] {
    const mayNot =
      /^(state|pids|transfer_|transfers_|quarantine|spool|logs|server|data\/site\/(\.journal|temp|\.locks))/;
    return this.tree()
      .filter(name => mayNot.test(name) && !name.endsWith('.tmp') && lstatSync(this.path(name)).isFile())
      .flatMap(name => {
        const content = readFileSync(this.path(name));
        return texts.filter(text => content.includes(text) || name.includes(text)).map(text => `${name}: ${text}`);
      });
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    rmSync(this.dir, {recursive: true, force: true});
  }
}
