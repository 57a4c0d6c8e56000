import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {startPacs} from '../../../sandbox/src/pacs/startPacs.ts';
import {silentLog} from '../../src/cli/log.ts';
import {readHeader} from '../../src/dicom/read.ts';
import {text} from '../../src/dicom/values.ts';
import type {CommandSet} from '../../src/dimse/commandSet.ts';
import {find, openFind} from '../../src/dimse/findScu.ts';
import {get} from '../../src/dimse/getScu.ts';
import {encodeIdentifier} from '../../src/dimse/identifier.ts';
import {move} from '../../src/dimse/moveScu.ts';
import {judgeRetrieval, type RetrieveEnd, RetrieveError} from '../../src/dimse/retrieve.ts';
import type {IncomingInstance, SubOperations} from '../../src/dimse/services.ts';
import {statusError} from '../../src/dimse/status.ts';
import {storeInstances} from '../../src/dimse/storeScu.ts';
import {sample} from '../dicom/samples.ts';
import {
  ctImageStorage,
  explicitUid,
  folderStore,
  onCleanup,
  peerAt,
  runningReceiver,
  temporaryFolder,
  writeSamples,
} from './helpers.ts';

const log = silentLog;
const studyUid = 0x0020000d;
const study = new Map([[studyUid, '1.2.3.1']]);

function judged(command: Partial<CommandSet>, more: Partial<RetrieveEnd> = {}) {
  const full = {commandField: 0x8021, hasDataSet: false, ...command};
  const end = {peerName: 'PACS', failedInstances: [], expected: undefined, arrived: undefined, wasCancelled: false};
  try {
    return judgeRetrieval({...end, command: full, ...more});
  } catch (error) {
    if (error instanceof RetrieveError) return error;
    throw error;
  }
}

describe('the end of a retrieval', () => {
  it.each([
    ['success with everything completed', {status: 0, completed: 3, failed: 0, warning: 0}, 'complete'],
    ['success without any counts', {status: 0}, 'complete'],
    ['success of nothing', {status: 0, completed: 0, failed: 0}, 'empty'],
    ['only warnings', {status: 0xb000, completed: 2, failed: 0, warning: 1}, 'complete'],
  ])('%s is no failure', (_, command, kind) => {
    expect(judged(command)).toMatchObject({kind});
  });

  it.each([
    ['success with failures', {status: 0, completed: 2, failed: 1}],
    ['success with something left', {status: 0, completed: 2, remaining: 1}],
    ['the warning of failures without saying how many', {status: 0xb000}],
    ['the warning with failures', {status: 0xb000, completed: 2, failed: 1}],
    ['a cancel we did not ask for', {status: 0xfe00, completed: 3}],
    ['out of resources', {status: 0xa702, failed: 3}],
  ])('%s is not complete', (_, command) => {
    expect(judged(command)).toMatchObject({failure: 'incomplete'});
  });

  it('names what is missing, by the peer or by what has arrived', () => {
    expect(judged({status: 0xb000, completed: 1, failed: 1}, {failedInstances: ['1.5']})).toMatchObject({
      missing: ['1.5'],
      message: 'PACS ends the retrieval with B000: 1 completed, 0 with warning, 1 failed, 0 left; missing: 1.5',
    });
    const expected = ['1.1', '1.2', '1.3'];
    expect(judged({status: 0, completed: 3}, {expected, arrived: new Set(['1.1', '1.3'])})).toMatchObject({
      missing: ['1.2'],
    });
    expect(judged({status: 0, completed: 0}, {expected})).toMatchObject({
      missingCount: 3,
      message: expect.stringMatching(/3 are missing, the peer does not say which$/),
    });
    expect(judged({status: 0, completed: 3}, {arrived: new Set(['1.1'])})).toMatchObject({missingCount: 2});
  });
});

/** A peer that answers a C-MOVE with this progress. */
async function movingPeer(progress: (signal: AbortSignal) => AsyncIterable<SubOperations>) {
  const {peer} = await runningReceiver({services: {move: ({signal}) => progress(signal)}});
  return (more: Partial<Parameters<typeof move>[0]> = {}) =>
    move({peer, level: 'STUDY', keys: study, destination: 'DEST', ...more});
}

const counts = (remaining: number, completed: number): SubOperations => ({
  remaining,
  completed,
  failed: 0,
  warning: 0,
  failedInstances: [],
});

const whenAborted = (signal: AbortSignal) =>
  new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), {once: true}));

describe('a retrieval', () => {
  it('tells its progress, is cancelled in order and says how far it came', async () => {
    const stop = new AbortController();
    const request = await movingPeer(async function* (signal) {
      yield counts(9, 1);
      await whenAborted(signal);
      yield counts(8, 2);
    });
    const seen: number[] = [];
    const onProgress = ({completed}: {completed: number}) => {
      seen.push(completed);
      stop.abort();
    };
    await expect(request({cancel: stop.signal, onProgress})).rejects.toMatchObject({
      failure: 'cancelled',
      status: 0xfe00,
      counts: {remaining: 8, completed: 2},
    });
    expect(seen).toEqual([1]);
  });

  it('that takes too long is given up', async () => {
    const request = await movingPeer(async function* (signal) {
      yield counts(9, 1);
      await whenAborted(signal);
    });
    await expect(request({timeoutMs: 100})).rejects.toMatchObject({failure: 'timeout'});
  });

  it('from a PACS that says success but does not send everything names what did not come', async () => {
    const faults = ['dropInstances:2', 'dropInstances:1', 'dropInstances:1'];
    const arrived = new Set<string>();
    const kept = folderStore(temporaryFolder());
    const begin = (instance: IncomingInstance) => {
      arrived.add(instance.sopInstanceUid);
      return kept.begin(instance);
    };
    const destination = await runningReceiver({services: {store: {begin}}});
    const pacs = await startPacs({
      dir: join(temporaryFolder(), 'pacs'),
      port: 0,
      moveTo: {DEST: {host: '127.0.0.1', port: destination.receiver.port}},
      faults: {take: operation => (operation === 'move' || operation === 'get' ? faults.shift() : undefined)},
      log,
    });
    onCleanup(() => pacs.close(0));
    const peer = peerAt(pacs.port);
    const expected = writeSamples(5);
    await storeInstances({peer, instances: expected, log});
    const uids = expected.map(each => each.sopInstanceUid).sort();
    const moved = move({peer, level: 'STUDY', keys: study, destination: 'DEST', expected: uids, arrived});
    await expect(moved).rejects.toMatchObject({failure: 'incomplete', status: 0, missing: uids.slice(3)});
    expect([...arrived].sort()).toEqual(uids.slice(0, 3));

    const folder = temporaryFolder();
    const options = {
      peer,
      level: 'STUDY',
      keys: study,
      sopClasses: [ctImageStorage],
      store: folderStore(folder),
    } as const;
    await expect(get({...options, expected: uids})).rejects.toMatchObject({missing: uids.slice(4)});
    await expect(get(options)).rejects.toMatchObject({missingCount: 1, missing: []});
    expect(await get({...options, expected: uids})).toMatchObject({kind: 'complete', completed: 5});
    expect(readdirSync(folder).sort()).toEqual(uids);
    const nothing = new Map([[studyUid, '9.9']]);
    expect(await get({...options, keys: nothing})).toMatchObject({kind: 'empty'});
    await expect(get({...options, keys: nothing, expected: ['9.9.1']})).rejects.toMatchObject({missing: ['9.9.1']});
  });
});

describe('a C-GET', () => {
  it('is cancelled between two instances, and keeps those that came', async () => {
    const pacs = await startPacs({dir: join(temporaryFolder(), 'pacs'), port: 0, log});
    onCleanup(() => pacs.close(0));
    const peer = peerAt(pacs.port);
    await storeInstances({peer, instances: writeSamples(40, {pixelBytes: 20_000}), log});
    const folder = temporaryFolder();
    const stop = new AbortController();
    const getting = get({
      peer,
      level: 'STUDY',
      keys: study,
      sopClasses: [ctImageStorage],
      store: folderStore(folder),
      cancel: stop.signal,
      onProgress: ({completed}) => completed === 3 && stop.abort(),
    });
    const error: unknown = await getting.catch(reason => reason);
    if (!(error instanceof RetrieveError)) throw error;
    expect(error).toMatchObject({failure: 'cancelled', status: 0xfe00});
    expect(error.counts.completed + error.counts.remaining).toBe(40);
    expect(readdirSync(folder)).toHaveLength(error.counts.completed);
    expect(error.counts.completed).toBeLessThan(40);
  });

  it('takes instances converted that it does not take as they are', async () => {
    const pacs = await startPacs({dir: join(temporaryFolder(), 'pacs'), port: 0, log});
    onCleanup(() => pacs.close(0));
    const peer = peerAt(pacs.port);
    const path = sample('test_files/SC_rgb_rle_2frame.dcm');
    expect(await storeInstances({peer, instances: [{path}], log})).toMatchObject({stored: 1, converted: 0});
    const {dataSet} = readHeader(path);
    const keys = new Map([[studyUid, text(dataSet, studyUid) ?? '']]);
    const sopClasses = [text(dataSet, 0x00080016) ?? ''];
    const folder = temporaryFolder();
    expect(await get({peer, level: 'STUDY', keys, sopClasses, store: folderStore(folder)})).toMatchObject({
      completed: 1,
    });
    const [name = ''] = readdirSync(folder);
    const got = readHeader(join(folder, name));
    expect(got.transferSyntax.uid).toBe(explicitUid);
    expect(got.pixelData?.length).toBe(100 * 100 * 3 * 2);
  });
});

describe('a query', () => {
  const matches = (count: number) =>
    Array.from({length: count}, (_, index) =>
      encodeIdentifier('STUDY', new Map([[studyUid, `1.${index}`]]), explicitUid),
    );

  it('that the peer ends as cancelled without being asked is a failure: there may be more', async () => {
    const {peer} = await runningReceiver({
      services: {
        async *find() {
          yield* matches(2);
          throw statusError(0xfe00, 'enough');
        },
      },
    });
    const seen: unknown[] = [];
    const asking = (async () => {
      for await (const match of find({peer, level: 'STUDY', keys: study})) seen.push(match);
    })();
    await expect(asking).rejects.toMatchObject({failure: 'status', status: 0xfe00});
    expect(seen).toHaveLength(2);
  });

  it('that was cancelled leaves the association good for the next', async () => {
    const {peer} = await runningReceiver({
      services: {
        async *find() {
          yield* matches(500);
        },
      },
    });
    const session = await openFind({peer});
    for (let round = 0; round < 5; round++)
      expect(await Array.fromAsync(session.find({level: 'STUDY', keys: study, limit: 3}))).toHaveLength(3);
    expect(await Array.fromAsync(session.find({level: 'STUDY', keys: study}))).toHaveLength(500);
    await session.release();
  });

  it('answered with garbage is a failure of the peer, not a crash', async () => {
    const {peer} = await runningReceiver({
      services: {
        async *find() {
          yield Buffer.from([1, 2, 3, 4, 5, 6, 7]);
        },
      },
    });
    await expect(Array.fromAsync(find({peer, level: 'STUDY', keys: study}))).rejects.toMatchObject({
      failure: 'protocol',
    });
  });
});
