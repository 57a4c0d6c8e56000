import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {type RedcapProxy, startRedcapProxy} from './redcapProxy.ts';
import {type RunningSandbox, startSandbox, type ToolResult} from './sandbox.ts';

const packages = fileURLToPath(new URL('../../packages/', import.meta.url));

/** REDCap's zone, another one than the host's most of the time. */
const timeZone = 'Europe/Oslo';

type FlatRow = Record<string, string | number>;

/** The REDCap side of a gateway: one sandbox behind a proxy, for all tests of a file. */
export interface PipelineRedcap {
  sandbox: RunningSandbox;
  proxy: RedcapProxy;
  /** All rows of a project as exported. */
  rows(project: string): Promise<FlatRow[]>;
  /** Stores rows as they are. */
  store(project: string, rows: readonly FlatRow[]): Promise<void>;
  remove(project: string, records: readonly string[]): Promise<void>;
  /** Empties the gateway's projects and forgets calls and faults. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function startPipelineRedcap(): Promise<PipelineRedcap> {
  const sandbox = await startSandbox({plainHttp: true, env: {TZ: timeZone}});
  const proxy = await startRedcapProxy(sandbox.redcapUrl);
  const token = (project: string) => {
    const found = sandbox.tokens[project];
    if (found === undefined) throw new Error(`no token of ${project}`);
    return found;
  };
  const call = async (project: string, parameters: Record<string, string | string[]>): Promise<unknown> => {
    const answer = await sandbox.call(token(project), {returnFormat: 'json', ...parameters});
    if (answer.status !== 200) throw new Error(`REDCap ${project}: ${answer.status} ${answer.text}`);
    return answer.json;
  };
  const redcap: PipelineRedcap = {
    sandbox,
    proxy,
    rows: async project => (await call(project, {content: 'record'})) as FlatRow[],
    store: async (project, rows) => void (await call(project, {content: 'record', data: JSON.stringify(rows)})),
    remove: async (project, records) =>
      void (await call(project, {content: 'record', action: 'delete', records: [...records]})),
    async reset() {
      for (const project of ['Incoming', 'CouplingList', 'Routing']) {
        const rows = await redcap.rows(project);
        const names = [...new Set(rows.map(row => String(Object.values(row)[0])))];
        if (names.length > 0) await redcap.remove(project, names);
      }
      proxy.calls = [];
      proxy.fate = () => 'pass';
      proxy.answered = () => {};
    },
    async stop() {
      await proxy.close();
      await sandbox.stop();
    },
  };
  return redcap;
}

/** The folders and the configuration of one gateway. */
export interface PipelineSite {
  dir: string;
  dataDir: string;
  requests: string;
  stateDir: string;
  configFile: string;
  /** Writes a series summary as the index daemon does (by rename) and sets its age. */
  series(study: string, series: string, content?: Record<string, unknown>, ageSeconds?: number): string;
  /** Writes any text as a series summary. */
  summary(study: string, name: string, text: string, ageSeconds?: number): string;
  /** Sets the time of a file. */
  touch(path: string, at: Date): void;
  /** Runs a tool of `packages/bin` to its end. */
  run(tool: string, ...args: string[]): Promise<ToolResult>;
  /** Starts a tool; the caller waits for it. */
  start(tool: string, ...args: string[]): {process: ChildProcess; ended: Promise<ToolResult>};
  /** Loses the state of all tools. */
  forget(): void;
  /** Set-aside notes of a tool, by item. */
  notes(tool: string): Record<string, {reason: string; detail: string}>;
  /** The configuration. */
  config(): Record<string, unknown>;
  /** Changes top-level keys of the configuration. */
  configure(change: Record<string, unknown>): void;
  remove(): void;
}

export function makePipelineSite({sandbox, proxy}: PipelineRedcap): PipelineSite {
  const dir = mkdtempSync(join(tmpdir(), 'fiona-site-'));
  const path = (name: string) => join(dir, name);
  for (const name of ['data/site/raw', 'state', 'pids', 'requests']) mkdirSync(path(name), {recursive: true});
  let config: Record<string, unknown> = {
    DATADIR: path('data'),
    PATHS: {
      stateDir: path('state'),
      pidDir: path('pids'),
      transferRequests: path('requests'),
      transfersDone: path('done'),
      transfersFail: path('fail'),
    },
    REDCAP: {
      url: proxy.url,
      timeZone,
      projects: Object.fromEntries(
        ['Incoming', 'Routing', 'CouplingList'].map(name => [name, {tokenFile: join(sandbox.dir, 'tokens', name)}]),
      ),
      requestsPerMinute: 100_000,
      attempts: 2,
      backoffSeconds: [0],
      requestSeconds: 10,
      totalSeconds: 20,
    },
  };
  const configFile = path('config.json');
  const site: PipelineSite = {
    dir,
    dataDir: path('data'),
    requests: path('requests'),
    stateDir: path('state'),
    configFile,
    series(study, series, content = {}, ageSeconds = 3600) {
      const json = {...aSeries, StudyInstanceUID: study, SeriesInstanceUID: series, ...content};
      return site.summary(study, `${series}.json`, JSON.stringify(json, null, 2), ageSeconds);
    },
    summary(study, name, text, ageSeconds = 3600) {
      const folder = join(site.dataDir, 'site/raw', study);
      mkdirSync(folder, {recursive: true});
      if (!/[/\0]|\.\./.test(study)) mkdirSync(join(site.dataDir, 'site/archive', `scp_${study}`), {recursive: true});
      const file = join(folder, name);
      writeFileSync(`${file}.tmp`, text);
      site.touch(`${file}.tmp`, new Date(Date.now() - ageSeconds * 1000));
      renameSync(`${file}.tmp`, file);
      return file;
    },
    touch: (file, at) => utimesSync(file, at, at),
    run: (tool, ...args) => site.start(tool, ...args).ended,
    start(tool, ...args) {
      const main = join(packages, 'bin', tool, 'src/main.ts');
      const process_ = spawn(process.execPath, [main, '--config', configFile, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      return {process: process_, ended: ended(process_)};
    },
    forget() {
      rmSync(site.stateDir, {recursive: true, force: true});
      mkdirSync(site.stateDir);
    },
    notes(tool) {
      const folder = join(site.stateDir, 'set-aside', tool);
      const notes: Record<string, {reason: string; detail: string}> = {};
      for (const name of namesIn(folder)) {
        const note = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
          item: string;
          reason: string;
          detail: string;
        };
        notes[note.item] = note;
      }
      return notes;
    },
    config: () => config,
    configure(change) {
      config = {...config, ...change};
      writeFileSync(configFile, JSON.stringify(config));
    },
    remove: () => rmSync(dir, {recursive: true, force: true}),
  };
  site.configure({});
  return site;
}

/** A series as the index daemon sums it up, with what every test may leave as it is. */
export const aSeries = {
  IncomingConnection: {AETitleCaller: 'MR1', AETitleCalled: 'FIONA', CallerIP: '192.0.2.7'},
  Modality: ['MR'],
  InstitutionName: 'Test Hospital',
  PatientID: 'PAT-0007',
  PatientName: 'BERG^ÅSE',
  AccessionNumber: 'ACC1',
  StudyDate: '20240131',
  StudyTime: '101530.25',
  StudyDescription: 'MR Head',
  SeriesNumber: '1',
  SeriesDescription: 't1 mprage',
  SeriesDate: '20240131',
  SeriesTime: '101600',
  SequenceName: '*tfl3d1',
  NumFiles: '3',
  ClassifyType: ['T1', 'axial'],
};

async function ended(child: ChildProcess): Promise<ToolResult> {
  const result: ToolResult = {code: null, stdout: '', stderr: ''};
  child.stdout?.on('data', (chunk: Buffer) => (result.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (result.stderr += chunk.toString()));
  [result.code] = (await once(child, 'close')) as [number | null];
  return result;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
