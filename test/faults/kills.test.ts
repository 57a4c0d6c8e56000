import {type ChildProcess, spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, relative} from 'node:path';
import {setTimeout as delay, setImmediate as nextTurn} from 'node:timers/promises';
import {systemClock} from '@fiona/lib/cli/clock';
import {silentLog} from '@fiona/lib/cli/log';
import {readPidFile} from '@fiona/lib/cli/pidFile';
import {connectProject} from '@fiona/lib/redcap/connect';
import {seriesFields, studyFields, transferFields} from '@fiona/lib/redcap/incoming';
import {type SampleStudy, sampleStudies} from '@fiona/sandbox/samples/studies';
import {writeStudy} from '@fiona/sandbox/samples/writeSamples';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {enterAssignments} from '../../scripts/demo-story/assignments.ts';
import {Gateway} from '../../scripts/demo-story/gateway.ts';
import {allIndexed, letTimePass} from '../../scripts/demo-story/timePasses.ts';

const dist = join(import.meta.dirname, '../../dist');
const home = mkdtempSync(join(tmpdir(), 'fiona-kills-'));
/** The same for every run, so that paths in journal and links are comparable. */
const dir = join(home, 'run');
const runs = 20;
const firstSeed = Number(process.env.FIONA_KILL_SEED ?? Date.now() % 1_000_000);
const studies = sampleStudies().filter(({accessionNumber}) => ['ACC2401311', 'ACC2402194'].includes(accessionNumber));
const tools = ['populateIncoming', 'createTransferRequests', 'anonymizeAndSend'];

/** Numbers from 0 to 1, the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}

type Chaos = ((longestMs: number, kill: () => unknown) => Promise<void>) | undefined;

/** Kills something at a random moment, some time from now. */
function chaosOf(seed: number): Chaos {
  const random = randomNumbers(seed);
  return async (longestMs, kill) => {
    await delay(random() * longestMs);
    await kill();
  };
}

/** Kills a process and waits until it is gone, since whoever looks at once may still see it; one that has ended is none to kill. */
async function kill9(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  const deadline = Date.now() + 5000;
  try {
    for (process.kill(pid, 'SIGKILL'); Date.now() < deadline; process.kill(pid, 0)) await nextTurn();
  } catch {
    // it is gone
  }
}

function daemonPid(name: string): number | undefined {
  const found = readPidFile(join(dir, 'server/.pids', name));
  return found.kind === 'own' ? found.note.pid : undefined;
}

const killChild = (child: ChildProcess) => (): boolean => child.exitCode === null && child.kill('SIGKILL');

/** The whole path once: sent, indexed, registered, requested, transferred; with each of its processes killed at some moment. */
async function playDay(chaos: Chaos): Promise<unknown> {
  rmSync(dir, {recursive: true, force: true});
  const gateway = await makeGateway();
  try {
    await gateway.start();
    await enterAssignments(gateway.config, silentLog);
    const sent = await Promise.all(studies.map(study => writeStudy(join(home, 'modalities'), study)));
    await Promise.all([
      sendAll(gateway, sent, chaos),
      chaos?.(250, () => kill9(daemonPid('storescpd.pid'))),
      chaos?.(500, () => kill9(daemonPid('processSingleFile.pid'))),
    ]);
    await recover(gateway);
    await sendAll(gateway, sent, undefined);
    await allIndexed(gateway.config.DATADIR, studies, 20_000);
    await letTimePass(gateway.config.DATADIR, 180);
    for (const tool of tools) await untilDone(gateway, tool, chaos);
    // what was killed just after the last tool had ended
    await recover(gateway);
    return await finalState(gateway);
  } finally {
    await gateway.stop();
  }
}

async function makeGateway(): Promise<Gateway> {
  const plain = await Gateway.make(dir);
  const {REDCAP, RESEARCH_PACS} = JSON.parse(readFileSync(plain.configFile, 'utf8'));
  // A REDCap that was killed is away for longer than we want to wait here.
  const change = {
    REDCAP: {...REDCAP, attempts: 1, requestsPerMinute: 100_000},
    RESEARCH_PACS: {...RESEARCH_PACS, storage: {...RESEARCH_PACS.storage, retries: 0}},
  };
  return Gateway.make(dir, change);
}

/** What cron, a modality that repeats, and people who restart a server do after a crash. */
async function recover(gateway: Gateway): Promise<void> {
  await gateway.startSandbox();
  await gateway.tool('server/bin/processSingleFile3', 'start');
  await gateway.tool('server/bin/storectl', 'start');
}

async function sendAll(gateway: Gateway, sent: readonly string[][], chaos: Chaos): Promise<void> {
  for (const [index, paths] of sent.entries()) {
    const {callingAeTitle, calledAeTitle} = studies[index] as SampleStudy;
    const port = String(gateway.config.DICOMPORT);
    const sender = spawn('storescu', ['-aet', callingAeTitle, '-aec', calledAeTitle, '127.0.0.1', port, ...paths], {
      stdio: 'ignore',
      env: {...process.env, TCP_NODELAY: '1', TCP_BUFFER_LENGTH: '131072'},
    });
    await Promise.all([once(sender, 'exit'), chaos?.(60, killChild(sender))]);
  }
}

/** Runs a tool, killed the first time, until it ends well. */
async function untilDone(gateway: Gateway, tool: string, chaos: Chaos): Promise<void> {
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const child = spawn(join(dist, 'bin', tool), [], {
      stdio: 'ignore',
      env: {...process.env, ...gateway.environment},
    });
    const disturbed = attempt === 0 ? chaos : undefined;
    const [[code]] = await Promise.all([
      once(child, 'exit') as Promise<[number | null]>,
      disturbed?.(tool === 'anonymizeAndSend' ? 1200 : 350, killChild(child)),
      disturbed?.(900, () => gateway.killSandbox()),
      disturbed?.(900, () => kill9(daemonPid('processSingleFile.pid'))),
    ]);
    if (code === 0) return;
    await recover(gateway);
    letRetriesPass();
  }
  throw new Error(`${tool} does not come to an end`);
}

/** As if the minutes until the next try were over. */
function letRetriesPass(): void {
  const folder = join(dir, 'transfer_requests');
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    if (name.endsWith('.retry')) rmSync(join(folder, name));
}

/** What must be the same whatever happened on the way: files, links, REDCap rows, what the PACS holds. Times are not part of it. */
async function finalState({config}: Gateway): Promise<unknown> {
  const incoming = connectProject(config, 'Incoming', {log: silentLog, clock: systemClock});
  const fields = [studyFields, seriesFields, transferFields].flatMap(({mandatory, optional}) => [
    ...mandatory,
    ...optional,
  ]);
  const rows = await incoming.read({fields});
  incoming.close();
  const timeless = rows.map(({values, ...key}) => ({
    ...key,
    values: Object.fromEntries(
      Object.entries(values).filter(
        ([field]) => !/_date$|_active_proc_time$/.test(field) || /^(study|series)_date$/.test(field),
      ),
    ),
  }));
  return {
    site: tree(join(dir, 'data/site'), ['archive', 'raw', 'participants', 'srs', '.arrived']),
    redcap: timeless,
    pacs: tree(join(dir, 'pacs'), ['']),
    waiting: readdirSync(join(dir, 'transfer_requests')),
    failed: existsSync(join(dir, 'transfers_fail')) ? readdirSync(join(dir, 'transfers_fail')) : [],
    done: readdirSync(join(dir, 'transfers_done')).filter(name => name.endsWith('.log')).length,
    spool: existsSync(join(dir, 'spool')) ? readdirSync(join(dir, 'spool')) : [],
  };
}

/** Every file with the hash of its content, every link with its target; names of temporary files show, since none may be left. */
function tree(root: string, folders: readonly string[]): string[] {
  return folders
    .flatMap(folder =>
      existsSync(join(root, folder))
        ? readdirSync(join(root, folder), {recursive: true}).map(name => join(root, folder, String(name)))
        : [],
    )
    .filter(path => !lstatSync(path).isDirectory())
    .map(path => {
      const content = lstatSync(path).isSymbolicLink()
        ? `-> ${readlinkSync(path)}`
        : createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12);
      return `${relative(root, path)} ${content}`;
    })
    .sort();
}

describe('kill -9 at random moments', () => {
  let undisturbed: unknown;
  beforeAll(async () => {
    undisturbed = await playDay(undefined);
  }, 60_000);
  afterAll(() => rmSync(home, {recursive: true, force: true}));

  it('the undisturbed day transfers both studies', () => {
    expect(undisturbed).toMatchObject({waiting: [], failed: [], done: 2, spool: []});
  });

  it.each(Array.from({length: runs}, (_, run) => firstSeed + run))(
    'every process killed, seed %i: the same final state',
    async seed => {
      expect(await playDay(chaosOf(seed))).toEqual(undisturbed);
    },
    90_000,
  );
});
