import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type Clock, systemClock} from '@fiona/lib/cli/clock';
import {FionaError} from '@fiona/lib/cli/fionaError';
import type {Log} from '@fiona/lib/cli/log';
import {type Config, checkConfig} from '@fiona/lib/config/load';
import {mapUid} from '@fiona/lib/deid/uid';
import {asUid, type Uid} from '@fiona/lib/dicom/uid';
import {connectProject} from '@fiona/lib/redcap/connect';
import {formatRequest, requestFileName} from '@fiona/lib/transfers/request';
import {findIdentifiers} from '@fiona/sandbox/samples/plantedIdentifiers';
import {expect} from 'vitest';
import {type PipelineRedcap, startPipelineRedcap} from '../../../../../test/support/pipelineSite.ts';
import {startTool, type ToolCall} from '../../../../../test/support/runTool.ts';
import {anonymizeAndSend} from '../../src/anonymizeAndSend.ts';
import type {SendOptions} from '../../src/dependencies.ts';
import type {RequestResult} from '../../src/requestResult.ts';
import {plantedTexts} from './sampleOnDisk.ts';

// Each transfer starts a worker thread: with its modules compiled already that takes half as long.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../../../../../node_modules/.cache/compiled');

/** REDCap (behind a proxy) and research PACS for all tests of a file. */
export type Services = PipelineRedcap;

/** Starts REDCap and PACS; the project PROJ is known. */
export async function startServices(): Promise<Services> {
  const services = await startPipelineRedcap();
  await services.store('DataTransferProjects', [{record_id: 'PROJ', project_name: 'PROJ', project_active: '1'}]);
  return services;
}

/** How a run ended. */
export interface RunEnd {
  readonly code: number;
  readonly counts: Record<string, number>;
  readonly transfers: readonly RequestResult[];
  readonly lines: readonly string[];
  /** All lines of the log, with their level. */
  readonly log: string;
}

/** What a test asks for in a request; the rest is `PROJ_0017`, event `Baseline`, instance 1 of project PROJ. */
export interface Wish {
  readonly project?: string;
  readonly name?: string;
  readonly event?: string;
  readonly instance?: number;
  /** Age of the file; default 120 s. */
  readonly ageSeconds?: number;
}

/** A file below the folders of a gateway: where, and what is in it. */
export interface FoundFile {
  readonly path: string;
  readonly content: Buffer;
}

/** One gateway's folders and configuration, served by the file's REDCap and PACS. */
export class TestGateway {
  readonly dir = mkdtempSync(join(tmpdir(), 'fiona-send-'));
  readonly services: Services;
  #settings: Record<string, unknown>;

  constructor(services: Services, change: Record<string, unknown> = {}) {
    this.services = services;
    const {sandbox} = services;
    const {host, port} = sandbox.pacs;
    const projects = ['Incoming', 'DataTransferProjects'];
    this.#settings = {
      DATADIR: this.path('data'),
      PATHS: {
        stateDir: this.path('state'),
        pidDir: this.path('pids'),
        logDir: this.path('logs'),
        classifyRules: this.path('classifyRules.json'),
        transferRequests: this.path('requests'),
        transfersDone: this.path('done'),
        transfersFail: this.path('fail'),
        quarantine: this.path('quarantine'),
        spool: this.path('spool'),
        spoolMinFreeBytes: 1024,
      },
      REDCAP: {
        url: services.proxy.url,
        timeZone: 'Europe/Oslo',
        projects: Object.fromEntries(projects.map(name => [name, {tokenFile: join(sandbox.dir, 'tokens', name)}])),
        requestsPerMinute: 100_000,
        attempts: 1,
        backoffSeconds: [0],
      },
      RESEARCH_PACS: {host, port, storage: {host, port, retries: 0}},
      ANONYMIZER: {workers: 1},
    };
    for (const name of ['data/site/raw', 'state', 'requests']) mkdirSync(this.path(name), {recursive: true});
    writeFileSync(this.path('classifyRules.json'), '[]');
    this.configure(change);
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  get dataDir(): string {
    return this.path('data');
  }

  /** Changes the configuration; objects are merged one level deep. */
  configure(change: Record<string, unknown>): void {
    for (const [key, value] of Object.entries(change)) {
      const before = this.#settings[key];
      const isObject = typeof before === 'object' && typeof value === 'object' && value !== null;
      this.#settings[key] = isObject ? {...before, ...value} : value;
    }
    writeFileSync(this.path('config.json'), JSON.stringify(this.#settings));
  }

  #config(log: Log): Config {
    const use = {keys: ['ANONYMIZER']};
    return checkConfig(readFileSync(this.path('config.json'), 'utf8'), this.path('config.json'), use, log);
  }

  /** Lets REDCap and the request folder ask for a transfer. @returns path of the request */
  async ask(study: string, wish: Wish = {}): Promise<string> {
    await this.enter(study, wish);
    return this.write(study, wish);
  }

  /** Enters the transfer into REDCap only; `further` columns of its row. */
  async enter(study: string, wish: Wish = {}, further: Record<string, string> = {}): Promise<void> {
    await this.services.store('Incoming', [
      {
        study_instance_uid: study,
        redcap_repeat_instrument: 'transfers',
        redcap_repeat_instance: wish.instance ?? 1,
        transfer_project_name: wish.project ?? 'PROJ',
        transfer_name: wish.name ?? 'PROJ_0017',
        transfer_event_name: wish.event ?? 'Baseline',
        ...further,
      },
    ]);
  }

  /** Writes the request file only. */
  write(study: string, wish: Wish = {}, folder = this.path('requests')): string {
    const request = {
      study: uidOf(study),
      instance: wish.instance ?? 1,
      project: wish.project ?? 'PROJ',
      name: wish.name ?? 'PROJ_0017',
      event: wish.event ?? 'Baseline',
      requestedDate: '2024-01-31 10:15',
      transferDate: '',
    };
    mkdirSync(folder, {recursive: true});
    return this.put(join(folder, requestFileName(request)), formatRequest(request), wish.ageSeconds);
  }

  /** Writes any file, so many seconds old. */
  put(path: string, content: string, ageSeconds = 120): string {
    writeFileSync(path, content);
    const then = new Date(Date.now() - ageSeconds * 1000);
    utimesSync(path, then, then);
    return path;
  }

  /** Runs the job in this process. `later`: minutes by which its clock is ahead; `pace`: how much faster than ours. */
  async run(
    options: SendOptions = {},
    {later = 0, pace = 1, dryRun = false, signal = new AbortController().signal}: RunSwitches = {},
  ): Promise<RunEnd> {
    const lines: string[] = [];
    const say = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
    const log: Log = {debug: say('DEBUG'), info: say('INFO'), warn: say('WARN'), error: say('ERROR')};
    const clock: Clock = {
      now: () => new Date(Date.now() + later * 60_000),
      monotonic: () => systemClock.monotonic() * pace,
    };
    const connection = {log, clock: systemClock, signal};
    const connections: {close(): void}[] = [];
    try {
      const config = this.#config(log);
      const incoming = connectProject(config, 'Incoming', connection);
      const projects = connectProject(config, 'DataTransferProjects', connection);
      connections.push(incoming, projects);
      const outcome = await anonymizeAndSend({config, incoming, projects, log, clock, signal, dryRun}, options);
      const {transfers} = outcome.json as {transfers: RequestResult[]};
      const {counts, exitCode: code = 0, lines: plan = []} = outcome;
      return {code, counts, transfers, lines: plan, log: lines.join('\n')};
    } catch (error) {
      if (!(error instanceof FionaError)) throw error;
      lines.push(`ERROR ${error.message}`);
      return {code: error.exitCode, counts: {}, transfers: [], lines: [], log: lines.join('\n')};
    } finally {
      for (const each of connections) each.close();
    }
  }

  /** Starts the tool as a process. */
  start(...args: string[]) {
    const call: ToolCall = {tool: 'bin/anonymizeAndSend', args, config: this.path('config.json')};
    return startTool(call);
  }

  /** Names in a folder of the gateway, sorted; none when it does not exist. */
  names(folder: string): string[] {
    const path = this.path(folder);
    return existsSync(path) ? readdirSync(path).sort() : [];
  }

  /** A JSON file in a folder of the gateway; the only one whose name ends so. */
  json(folder: string, end: string): Record<string, unknown> {
    const [name = '', ...others] = this.names(folder).filter(each => each.endsWith(end));
    expect([name === '', others]).toEqual([false, []]);
    return JSON.parse(readFileSync(join(this.path(folder), name), 'utf8')) as Record<string, unknown>;
  }

  /** The transfer's row in REDCap. */
  async row(study: string, instance = 1): Promise<Record<string, string | number>> {
    const rows = await this.services.rows('Incoming');
    const isIt = (row: Record<string, string | number>) =>
      row.study_instance_uid === study &&
      row.redcap_repeat_instrument === 'transfers' &&
      row.redcap_repeat_instance === instance;
    return rows.find(isIt) ?? {};
  }

  /** Instances of a study in the PACS, as a project knows it. */
  stored(study: string, project = 'PROJ'): FoundFile[] {
    return filesBelow(join(this.services.sandbox.dir, 'pacs', mapped(study, 'study', project)));
  }

  /** Everything the gateway wrote that people may look at: no planted identifier may be in there. */
  expectNoIdentifiers(log = ''): void {
    for (const folder of ['requests', 'done', 'fail', 'state', 'quarantine', 'spool', 'pids', 'logs']) {
      for (const {path, content} of filesBelow(this.path(folder))) {
        expect([
          path,
          findIdentifiers(content, plantedTexts),
          findIdentifiers(Buffer.from(path), plantedTexts),
        ]).toEqual([path, [], []]);
      }
    }
    expect(findIdentifiers(Buffer.from(log), plantedTexts)).toEqual([]);
  }

  remove(): void {
    rmSync(this.dir, {recursive: true, force: true});
  }
}

interface RunSwitches {
  readonly later?: number;
  readonly pace?: number;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** A UID as the research side knows it. */
export function mapped(uid: string, kind: 'study' | 'other' = 'other', project = 'PROJ'): string {
  return mapUid(uid, {kind, project, style: 'oid', root: '1.3.6.1.4.1.45037.'});
}

export function uidOf(text: string): Uid {
  const uid = asUid(text);
  if (uid === undefined) throw new Error(`${text} is no UID`);
  return uid;
}

/** All regular files below a folder. */
export function filesBelow(folder: string): FoundFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .sort()
    .map(name => join(folder, name))
    .filter(path => lstatSync(path).isFile())
    .map(path => ({path, content: readFileSync(path)}));
}
