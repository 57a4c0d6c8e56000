import {readFileSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:net';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {silentLog} from '../../src/cli/log.ts';
import {DimseError} from '../../src/dimse/dimseError.ts';
import {echo} from '../../src/dimse/echoScu.ts';
import type {InstanceFacts} from '../../src/dimse/instanceFile.ts';
import {PduReader} from '../../src/dimse/pduReader.ts';
import {encodePdu} from '../../src/dimse/pduWriter.ts';
import {openAssociation} from '../../src/dimse/requestor.ts';
import {type AssociationAnswer, refuse} from '../../src/dimse/services.ts';
import {planStore} from '../../src/dimse/storePlan.ts';
import {type StoreResult, storeInstances} from '../../src/dimse/storeScu.ts';
import {
  dataSetBytes,
  explicitUid,
  freePort,
  implicitUid,
  onCleanup,
  peerAt,
  type RunningReceiver,
  runningReceiver,
  type SampleOptions,
  temporaryFolder,
  writeSample,
  writeSamples,
} from './helpers.ts';

type File = {path: string; sopInstanceUid: string};

async function send(
  peer: ReturnType<typeof peerAt>,
  instances: File[],
  more: Partial<Parameters<typeof storeInstances>[0]> = {},
) {
  const results: StoreResult<File>[] = [];
  const summary = await storeInstances<File>({
    peer,
    log: silentLog,
    retryDelayMs: 10,
    ...more,
    instances,
    onResult: result => results.push(result),
  });
  return {summary, results, kinds: results.map(result => result.kind)};
}

function expectSame(receiver: RunningReceiver, instances: File[]): void {
  for (const {path, sopInstanceUid} of instances)
    expect(dataSetBytes(join(receiver.folder, sopInstanceUid)).equals(dataSetBytes(path))).toBe(true);
}

/** A server that treats the connections in turn as told. */
async function scriptedServer(
  ...scripts: ((server: Server, socket: import('node:net').Socket) => void)[]
): Promise<number> {
  const server = createServer(socket => {
    socket.on('error', () => {});
    scripts.shift()?.(server, socket);
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  onCleanup(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('planning associations', () => {
  const fact = (sopClassUid: string, syntax: string): InstanceFacts => ({
    path: '',
    sopClassUid,
    sopInstanceUid: '1',
    transferSyntaxUid: syntax,
    dataSetOffset: 0,
  });

  it('makes one context for each pair of SOP class and transfer syntax', () => {
    const [batch, ...others] = planStore([fact('1', 'a'), fact('1', 'b'), fact('1', 'a'), fact('2', 'a')]);
    expect(others).toEqual([]);
    expect(batch?.contexts).toEqual([
      {abstractSyntax: '1', transferSyntaxes: ['a']},
      {abstractSyntax: '1', transferSyntaxes: ['b']},
      {abstractSyntax: '2', transferSyntaxes: ['a']},
    ]);
    expect(batch?.instances).toHaveLength(4);
  });

  it('goes to further associations beyond 128 pairs', () => {
    const batches = planStore(Array.from({length: 300}, (_, index) => fact(`1.${index % 150}`, 'a')));
    expect(batches.map(batch => batch.contexts.length)).toEqual([128, 22]);
    expect(batches.map(batch => batch.instances.length)).toEqual([256, 44]);
  });

  it('proposes the plain transfer syntaxes beside those that can be converted to them', () => {
    const rle = '1.2.840.10008.1.2.5';
    const [batch] = planStore([fact('1', rle), fact('2', explicitUid), fact('3', '1.2.840.10008.1.2.4.50')]);
    expect(batch?.contexts.map(({abstractSyntax, transferSyntaxes}) => [abstractSyntax, ...transferSyntaxes])).toEqual([
      ['1', rle],
      ['1', explicitUid, implicitUid],
      ['2', explicitUid],
      ['2', implicitUid],
      ['3', '1.2.840.10008.1.2.4.50'],
    ]);
    const many = planStore(Array.from({length: 100}, (_, index) => fact(`1.${index}`, explicitUid)));
    expect(many.map(({contexts}) => contexts.length)).toEqual([128, 72]);
  });
});

describe('sending instances', () => {
  it('delivers every data set byte for byte, of any length and transfer syntax', async () => {
    const receiver = await runningReceiver();
    const sizes = [0, 1, 16, 131_000, 524_200, 524_288, 1_048_576, 3_000_001];
    const options: SampleOptions[] = sizes.map((pixelBytes, index) => ({
      pixelBytes,
      ...(index % 2 ? {transferSyntaxUid: implicitUid} : {}),
    }));
    const instances = options.flatMap(option => writeSamples(2, option));
    const {summary, kinds} = await send(receiver.peer, instances);
    expect(kinds).toEqual(instances.map(() => 'stored'));
    expect(summary).toMatchObject({stored: 16, temporary: 0, final: 0, associations: 1, unreachable: false});
    expectSame(receiver, instances);
    expect(receiver.received.filter(one => one.transferSyntaxUid === implicitUid)).toHaveLength(8);
  });

  it.each([16, 100, 4096, 16384])('cuts the data to the %i bytes the peer takes', async maxPduLength => {
    const receiver = await runningReceiver({maxPduLength});
    const instances = writeSamples(3, {pixelBytes: 40_000});
    expect((await send(receiver.peer, instances)).kinds).toEqual(['stored', 'stored', 'stored']);
    expectSame(receiver, instances);
  });

  it('sends an empty data set', async () => {
    const receiver = await runningReceiver();
    const [sample] = writeSamples(1);
    if (!sample) throw new Error('no sample');
    const whole = readFileSync(sample.path);
    writeFileSync(sample.path, whole.subarray(0, 144 + whole.readUInt32LE(140)));
    expect((await send(receiver.peer, [sample])).kinds).toEqual(['stored']);
    expect(dataSetBytes(join(receiver.folder, sample.sopInstanceUid))).toHaveLength(0);
  });

  it('uses several associations at once when told to', async () => {
    const receiver = await runningReceiver();
    const instances = writeSamples(60, {pixelBytes: 20_000});
    const {summary} = await send(receiver.peer, instances, {associations: 4});
    expect(summary).toMatchObject({stored: 60, associations: 4});
    expectSame(receiver, instances);
  });

  it('sends more than 128 kinds of instances over further associations', async () => {
    const receiver = await runningReceiver();
    const folder = temporaryFolder();
    const instances = Array.from({length: 140}, (_, index) =>
      writeSample(join(folder, `${index}`), {sopClassUid: `1.2.840.10008.5.1.4.1.1.99.${index}`}),
    );
    const {summary} = await send(receiver.peer, instances);
    expect(summary).toMatchObject({stored: 140, associations: 3});
    expect(receiver.files()).toHaveLength(140);
  });

  it('serves many senders at once, each with its own instances', async () => {
    const receiver = await runningReceiver();
    const studies = Array.from({length: 40}, () => writeSamples(5, {pixelBytes: 30_000}));
    const all = await Promise.all(studies.map(instances => send(receiver.peer, instances)));
    expect(all.every(({summary}) => summary.stored === 5)).toBe(true);
    for (const instances of studies) expectSame(receiver, instances);
    expect(receiver.receiver.counters).toMatchObject({stored: 200, failed: 0});
  });

  it('gives each instance its own status and goes on after a refusal', async () => {
    const answers = [0x0000, 0xb000, 0x0111, 0xa700, 0xa900, 0xc001, 0x0122];
    let next = 0;
    const receiver = await runningReceiver({
      services: {store: {begin: () => refuse(answers[next++] ?? 0, 'so be it')}},
    });
    const {results, summary} = await send(receiver.peer, writeSamples(7));
    expect(results.map(({status}) => status).sort()).toEqual([...answers].sort());
    expect(summary).toMatchObject({stored: 3, temporary: 1, final: 3});
    expect(results.find(result => result.status === 0xa900)).toMatchObject({
      kind: 'final',
      cause: 'status',
      reason: 'refused with status A900 (so be it)',
    });
  });

  it('makes a SOP class that is not accepted a final failure of that instance alone', async () => {
    const receiver = await runningReceiver();
    const refused = writeSamples(1, {sopClassUid: '1.2.840.10008.5.1.4.31'});
    const {results, summary} = await send(receiver.peer, [...refused, ...writeSamples(2)]);
    expect(summary).toMatchObject({stored: 2, final: 1});
    expect(results.find(result => result.kind === 'final')).toMatchObject({cause: 'context', status: undefined});
  });

  it('ends at once when no context is accepted', async () => {
    const receiver = await runningReceiver();
    const {summary} = await send(receiver.peer, writeSamples(3, {sopClassUid: '1.2.840.10008.5.1.4.31'}), {retries: 3});
    expect(summary).toMatchObject({final: 3, associations: 1});
  });

  it('tells files that cannot be sent from those that may come back', async () => {
    const receiver = await runningReceiver();
    const folder = temporaryFolder();
    const text = join(folder, 'text');
    writeFileSync(text, 'no DICOM at all '.repeat(20));
    const empty = join(folder, 'empty');
    writeFileSync(empty, '');
    const {results} = await send(
      receiver.peer,
      [text, empty, join(folder, 'gone'), folder].map(path => ({path, sopInstanceUid: ''})),
    );
    expect(results.map(({kind, cause}) => [kind, cause])).toEqual([
      ['final', 'file-invalid'],
      ['final', 'file-invalid'],
      ['temporary', 'file-unreadable'],
      ['temporary', 'file-unreadable'],
    ]);
  });
});

describe('when the peer fails', () => {
  it('tries again only what failed for now', async () => {
    let calls = 0;
    const receiver = await runningReceiver({services: {store: {begin: () => refuse(++calls <= 2 ? 0xa700 : 0)}}});
    const {summary} = await send(receiver.peer, writeSamples(5), {retries: 1});
    expect(summary).toMatchObject({stored: 5, temporary: 0});
    expect(calls).toBe(7);
  });

  it('resends the rest after an abort in the middle, and an instance that breaks the peer takes no others with it', async () => {
    const instances = writeSamples(20, {pixelBytes: 50_000});
    const poison = instances[3]?.sopInstanceUid;
    const receiver = await runningReceiver();
    const stored = new Set<string>();
    const picky = await runningReceiver({
      services: {
        store: {
          begin(instance) {
            if (instance.sopInstanceUid === poison) instance.association.abort('does not like it');
            return {
              write() {},
              finish: async () => ({status: stored.add(instance.sopInstanceUid).size * 0}),
              abort() {},
            };
          },
        },
      },
    });
    const {summary, results} = await send(picky.peer, instances, {retries: 2});
    expect(summary).toMatchObject({stored: 19, temporary: 1, unreachable: false});
    expect(results.find(result => result.kind === 'temporary')).toMatchObject({
      cause: 'aborted',
      instance: {sopInstanceUid: poison},
    });
    expect(stored.size).toBe(19);
    await receiver.receiver.close();
  });

  it('never calls an instance stored that has no answer', async () => {
    const receiver = await runningReceiver({
      services: {
        store: {
          begin: ({association}) => ({
            write() {},
            async finish() {
              association.abort('dies');
              return {status: 0};
            },
            abort() {},
          }),
        },
      },
    });
    const {kinds, summary} = await send(receiver.peer, writeSamples(4));
    expect(kinds).toEqual(['temporary', 'temporary', 'temporary', 'temporary']);
    expect(summary.failure).toBeInstanceOf(DimseError);
  });

  it('says unreachable when nobody listens', async () => {
    const {summary, results} = await send(peerAt(await freePort()), writeSamples(2), {retries: 1});
    expect(summary).toMatchObject({temporary: 2, unreachable: true, associations: 0, failure: {failure: 'connect'}});
    expect(results[0]?.reason).toContain('ECONNREFUSED');
  });

  it.each([
    [true, 'temporary', 'rejected-transient'],
    [false, 'final', 'rejected-permanent'],
  ] as const)('takes a rejection (transient: %s) as %s', async (transient, kind, cause) => {
    const receiver = await runningReceiver({
      services: {associate: () => ({kind: 'reject', because: transient ? 'busy' : 'caller'})},
    });
    const {results, summary} = await send(receiver.peer, writeSamples(2));
    expect(results.map(result => [result.kind, result.cause])).toEqual([
      [kind, cause],
      [kind, cause],
    ]);
    expect(summary.unreachable).toBe(transient);
  });

  it('gives up on a peer that accepts the connection but never answers', async () => {
    const port = await scriptedServer(() => {});
    const {results} = await send(peerAt(port, {connectTimeoutMs: 100}), writeSamples(1));
    expect(results).toMatchObject([{kind: 'temporary', cause: 'timeout'}]);
  });

  it('gives up on a peer that takes the instance but never answers', async () => {
    const finish = Promise.withResolvers<{status: number}>();
    const receiver = await runningReceiver({
      services: {store: {begin: () => ({write() {}, finish: () => finish.promise, abort() {}})}},
    });
    onCleanup(() => finish.resolve({status: 0}));
    const {results} = await send({...receiver.peer, responseTimeoutMs: 150}, writeSamples(1));
    expect(results).toMatchObject([{kind: 'temporary', cause: 'timeout'}]);
  });

  it('gives up on a peer that stops reading', async () => {
    const receiver = await runningReceiver({
      services: {
        store: {
          begin: () => ({write: () => new Promise<void>(() => {}), finish: async () => ({status: 0}), abort() {}}),
        },
      },
    });
    const {results} = await send({...receiver.peer, responseTimeoutMs: 200}, writeSamples(2, {pixelBytes: 20_000_000}));
    expect(results.map(({kind, cause}) => [kind, cause])).toEqual([
      ['temporary', 'timeout'],
      ['temporary', 'timeout'],
    ]);
  });

  it('takes a peer that talks nonsense for a failure, not for success', async () => {
    const port = await scriptedServer((_, socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    const {results} = await send(peerAt(port), writeSamples(1));
    expect(results).toMatchObject([{kind: 'temporary', cause: 'protocol'}]);
  });

  it('comes through when the first connections are refused, rejected or cut', async () => {
    const receiver = await runningReceiver();
    const port = await scriptedServer(
      (_, socket) => socket.destroy(),
      (_, socket) =>
        socket.once('data', () => socket.end(encodePdu({kind: 'associate-reject', result: 2, source: 3, reason: 1}))),
      (_, socket) => socket.once('data', () => socket.end(encodePdu({kind: 'abort', source: 2, reason: 0}))),
      (server, socket) => {
        server.close();
        import('node:net').then(({connect}) => {
          const onward = connect(receiver.receiver.port, '127.0.0.1');
          onward.on('error', () => {});
          socket.pipe(onward).pipe(socket);
        });
      },
    );
    const {summary} = await send(peerAt(port), writeSamples(3), {retries: 3});
    expect(summary).toMatchObject({stored: 3});
  });

  it('tries again when the one association a peer allows breaks and the others are turned away for good', async () => {
    let associations = 0;
    let stores = 0;
    const receiver = await runningReceiver({
      services: {
        associate: (): AssociationAnswer =>
          ++associations % 3 === 1 ? {kind: 'accept'} : {kind: 'reject', because: 'caller'},
        store: {
          begin(instance) {
            if (++stores === 4) instance.association.abort('restarts');
            return refuse(0);
          },
        },
      },
    });
    const {summary} = await send(receiver.peer, writeSamples(12, {pixelBytes: 50_000}), {associations: 3, retries: 1});
    expect(summary).toMatchObject({stored: 12, final: 0, temporary: 0});
  });

  it('stops at once when it is cancelled, and says so', async () => {
    const cancel = new AbortController();
    const receiver = await runningReceiver();
    let count = 0;
    const results: StoreResult[] = [];
    await storeInstances({
      peer: {...receiver.peer, asynchronousOperations: 1},
      instances: writeSamples(50),
      log: silentLog,
      retries: 5,
      signal: cancel.signal,
      onResult(result) {
        results.push(result);
        if (++count === 5) cancel.abort();
      },
    });
    expect(results).toHaveLength(50);
    expect(results.filter(result => result.kind === 'stored').length).toBeLessThan(10);
    expect(new Set(results.slice(10).map(result => result.cause))).toEqual(new Set(['cancelled']));
  });

  it('aborts and reports when a file shrinks while it is being sent', async () => {
    const receiver = await runningReceiver();
    const [large, small] = [writeSamples(1, {pixelBytes: 30_000_000})[0], writeSamples(1)[0]];
    if (!large || !small) throw new Error('no samples');
    const slow = await runningReceiver({
      services: {
        store: {
          begin: () => ({
            async write() {
              writeFileSync(large.path, readFileSync(large.path).subarray(0, 1000));
            },
            finish: async () => ({status: 0}),
            abort() {},
          }),
        },
      },
    });
    const {results} = await send(slow.peer, [large]);
    expect(results).toMatchObject([{kind: 'temporary', cause: 'file-unreadable'}]);
    expect((await send(receiver.peer, [small])).kinds).toEqual(['stored']);
  });
});

describe('release', () => {
  it('comes through a collision: both sides ask at once (PS3.8 7.2.2.7)', async () => {
    const order: string[] = [];
    const port = await scriptedServer((_, socket) => {
      const reader = new PduReader();
      socket.on('data', chunk => {
        reader.feed(chunk);
        for (let token = reader.next(); token; token = reader.next()) {
          order.push(token.kind);
          if (token.kind === 'associate-request') {
            const contexts = token.contexts.map(({id, transferSyntaxes}) => ({
              id,
              result: 0,
              transferSyntax: transferSyntaxes[0] ?? '',
            }));
            const {calledAeTitle, callingAeTitle} = token;
            socket.write(
              encodePdu({
                kind: 'associate-accept',
                calledAeTitle,
                callingAeTitle,
                contexts,
                user: {maxPduLength: 0, roles: []},
              }),
            );
          }
          if (token.kind === 'release-request') socket.write(encodePdu({kind: 'release-request'}));
          if (token.kind === 'release-response') socket.write(encodePdu({kind: 'release-response'}));
        }
      });
    });
    const contexts = [{abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: [implicitUid]}];
    const {association} = await openAssociation({peer: peerAt(port), contexts});
    await association.release();
    expect(await association.whenEnded).toBeUndefined();
    expect(order).toEqual(['associate-request', 'release-request', 'release-response']);
  });
});

describe('C-ECHO', () => {
  it('answers and tells the time', async () => {
    const {peer} = await runningReceiver();
    expect((await echo(peer)).milliseconds).toBeGreaterThan(0);
  });

  it('names the peer and what went wrong', async () => {
    const port = await freePort();
    await expect(echo(peerAt(port))).rejects.toMatchObject({
      failure: 'connect',
      message: expect.stringContaining(`RECEIVER at 127.0.0.1:${port}`),
    });
  });

  it('can be cancelled', async () => {
    const port = await scriptedServer(() => {});
    await expect(echo(peerAt(port), {signal: AbortSignal.timeout(50)})).rejects.toMatchObject({failure: 'cancelled'});
  });
});
