import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {encodeCommandSet} from '../../src/dimse/commandSet.ts';
import {echo} from '../../src/dimse/echoScu.ts';
import {encodePdu, frameMessage} from '../../src/dimse/pduWriter.ts';
import type {StoreSink} from '../../src/dimse/services.ts';
import {refuse} from '../../src/dimse/services.ts';
import {eventually, explicitUid, implicitUid, rawConnection, runningReceiver} from './helpers.ts';
import {associateRequest, ctContext, dataPdu, dataValue, RawPeer, storeCommand, storeMessage} from './rawPeer.ts';

const dataSet = Buffer.from('08001600554902003100', 'hex');

describe('association negotiation of the receiver', () => {
  async function answersTo(abstractSyntax: string, transferSyntaxes: string[]) {
    const {receiver} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    const answer = await peer.associate(associateRequest([{id: 5, abstractSyntax, transferSyntaxes}]));
    if (answer?.kind !== 'associate-accept') throw new Error(`answered ${answer?.kind}`);
    return answer.contexts[0];
  }

  it.each([
    ['Explicit Little Endian before anything else', ['1.2.840.10008.1.2.4.90', implicitUid, explicitUid], explicitUid],
    ['then Implicit Little Endian', ['1.2.840.10008.1.2.4.90', implicitUid], implicitUid],
    ['then the first proposed', ['1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.50'], '1.2.840.10008.1.2.4.90'],
    ['also a private one', ['1.3.46.670589.33.1.4.1'], '1.3.46.670589.33.1.4.1'],
  ])('takes %s', async (_, proposed, chosen) => {
    expect(await answersTo('1.2.840.10008.5.1.4.1.1.4', proposed)).toEqual({id: 5, result: 0, transferSyntax: chosen});
  });

  it('takes private storage classes and any called AE title', async () => {
    expect(await answersTo('1.3.12.2.1107.5.9.1', [explicitUid])).toMatchObject({result: 0});
  });

  it('refuses services it does not have, context by context', async () => {
    expect(await answersTo('1.2.840.10008.5.1.4.31', [explicitUid])).toMatchObject({result: 3});
    expect(await answersTo('1.2.840.10008.5.1.4.1.2.2.1', [explicitUid])).toMatchObject({result: 3});
  });

  it('answers role selection and asynchronous operations, and only when asked', async () => {
    const {receiver} = await runningReceiver({maxOperations: 8});
    const plain = await RawPeer.connect(receiver.port);
    expect(await plain.associate()).toMatchObject({user: {roles: []}});
    const asking = await RawPeer.connect(receiver.port);
    const roles = [{sopClassUid: ctContext.abstractSyntax, scu: true, scp: true}];
    const user = {maxPduLength: 0, roles, asynchronousOperations: {invoked: 0, performed: 0}};
    expect(await asking.associate(associateRequest([ctContext], {user}))).toMatchObject({
      user: {roles: [{scu: true, scp: false}], asynchronousOperations: {invoked: 8, performed: 1}},
    });
  });

  it.each([
    [0, 1 << 20],
    [1 << 24, 1 << 20],
    [65536, 65536],
    [16384, 16384],
    [4096, 16384],
  ])('asks a peer that takes PDUs of %i bytes (0 = any) for no longer ones than %i', async (takes, asked) => {
    const {receiver} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    const user = {maxPduLength: takes, roles: []};
    expect(await peer.associate(associateRequest([ctContext], {user}))).toMatchObject({user: {maxPduLength: asked}});
  });

  it('tolerates even context ids', async () => {
    const {receiver, files} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate(associateRequest([{...ctContext, id: 2}]));
    peer.write(storeMessage('1.2.3', dataSet, 16384, 2));
    expect(await peer.nextCommand()).toMatchObject({status: 0});
    expect(files()).toEqual(['1.2.3']);
  });

  it('rejects another protocol version', async () => {
    const {receiver} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    expect(await peer.associate(associateRequest([ctContext], {protocolVersion: 2}))).toMatchObject({
      kind: 'associate-reject',
      source: 2,
      reason: 2,
    });
  });

  it('rejects for now when too many associations are open', async () => {
    const {receiver} = await runningReceiver({maxAssociations: 1});
    const first = await RawPeer.connect(receiver.port);
    await first.associate();
    const second = await RawPeer.connect(receiver.port);
    expect(await second.associate()).toMatchObject({kind: 'associate-reject', result: 2});
    expect(receiver.openAssociations).toBe(1);
  });
});

describe('C-STORE at the receiver', () => {
  it('stores the data set byte for byte and tells who sent it', async () => {
    const {receiver, folder, received} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate(associateRequest([ctContext], {callingAeTitle: 'MODALITY', calledAeTitle: 'WHOEVER'}));
    const bytes = Buffer.from(Array.from({length: 70_001}, (_, index) => index & 0xff));
    peer.write(storeMessage('1.2.3.4', bytes));
    expect(await peer.nextCommand()).toMatchObject({
      commandField: 0x8001,
      status: 0,
      messageIdRespondedTo: 1,
      affectedSopInstanceUid: '1.2.3.4',
    });
    expect(readFileSync(join(folder, '1.2.3.4')).subarray(-bytes.length)).toEqual(bytes);
    expect(received[0]).toMatchObject({
      transferSyntaxUid: explicitUid,
      association: {callingAeTitle: 'MODALITY', calledAeTitle: 'WHOEVER', address: '127.0.0.1'},
    });
  });

  it('takes fragments of any size, odd ones, empty ones, several in a PDU, command and data in one PDU', async () => {
    const {receiver, folder} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate();
    const bytes = Buffer.from(Array.from({length: 3001}, (_, index) => index & 0xff));
    const run = fc.asyncProperty(
      fc.array(fc.integer({min: 0, max: 700}), {maxLength: 20}),
      fc.nat(3),
      async (sizes, perPdu) => {
        const values: Buffer[] = [];
        const command = storeCommand('1.2.9');
        values.push(dataValue(1, 1, command.subarray(0, 7)), dataValue(1, 3, command.subarray(7)));
        let at = 0;
        for (const size of sizes) {
          values.push(dataValue(1, 0, bytes.subarray(at, at + size)));
          at += Math.min(size, bytes.length - at);
        }
        values.push(dataValue(1, 2, bytes.subarray(at)));
        for (let first = 0; first < values.length; first += perPdu + 1)
          peer.write(dataPdu(...values.slice(first, first + perPdu + 1)));
        expect(await peer.nextCommand()).toMatchObject({status: 0});
        expect(readFileSync(join(folder, '1.2.9')).subarray(-bytes.length)).toEqual(bytes);
      },
    );
    await fc.assert(run, {numRuns: 60});
  });

  it('takes a stream of single bytes', async () => {
    const {receiver, files} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    const single = [...storeCommand('1.2.7')].map((byte, index, list) =>
      dataPdu(dataValue(1, index === list.length - 1 ? 3 : 1, Buffer.from([byte]))),
    );
    const data = [...dataSet].map((byte, index, list) =>
      dataPdu(dataValue(1, index === list.length - 1 ? 2 : 0, Buffer.from([byte]))),
    );
    for (const byte of encodePdu(associateRequest())) peer.socket.write(Buffer.from([byte]));
    expect(await peer.next()).toMatchObject({kind: 'associate-accept'});
    for (const byte of Buffer.concat([...single, ...data])) peer.socket.write(Buffer.from([byte]));
    expect(await peer.nextCommand()).toMatchObject({status: 0});
    expect(files()).toEqual(['1.2.7']);
  });

  it('answers only after the sink has finished, with the status and comment of the sink', async () => {
    const finishing = Promise.withResolvers<void>();
    let reached = false;
    const sink: StoreSink = {
      write() {},
      async finish() {
        reached = true;
        await finishing.promise;
        return {status: 0xa900, comment: 'does not match'};
      },
      abort() {},
    };
    const {receiver} = await runningReceiver({services: {store: {begin: () => sink}}});
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate();
    peer.write(storeMessage('1.2.3', dataSet));
    await eventually(() => reached);
    let answered = false;
    const answer = peer.nextCommand().then(command => {
      answered = true;
      return command;
    });
    expect(
      (await echo({host: '127.0.0.1', port: receiver.port, aeTitle: 'X', callingAeTitle: 'Y'})).milliseconds,
    ).toBeGreaterThan(0);
    expect(answered).toBe(false);
    finishing.resolve();
    expect(await answer).toMatchObject({status: 0xa900, errorComment: 'does not match'});
  });

  it.each(['begin', 'write', 'write later', 'finish'] as const)(
    'answers A700 when the sink fails in %s, drops the rest and lives on',
    async where => {
      const aborted: string[] = [];
      const failure = Object.assign(new Error('ENOSPC: no space left on device'), {code: 'ENOSPC'});
      const failingSink: StoreSink = {
        write() {
          if (where === 'write') throw failure;
          return where === 'write later' ? Promise.reject(failure) : undefined;
        },
        finish: () => (where === 'finish' ? Promise.reject(failure) : Promise.resolve({status: 0})),
        abort: reason => void aborted.push(reason),
      };
      let fails = true;
      const begin = () => {
        if (!fails) return refuse(0);
        if (where === 'begin') throw failure;
        return failingSink;
      };
      const {receiver, ends} = await runningReceiver({services: {store: {begin}}});
      const peer = await RawPeer.connect(receiver.port);
      await peer.associate();
      peer.write(storeMessage('1.2.3', Buffer.alloc(100_000)));
      expect(await peer.nextCommand()).toMatchObject({status: 0xa700, errorComment: expect.stringContaining('full')});
      expect(aborted).toHaveLength(where === 'begin' ? 0 : 1);
      fails = false;
      peer.write(storeMessage('1.2.4', dataSet));
      expect(await peer.nextCommand()).toMatchObject({status: 0});
      peer.release();
      expect(await peer.next()).toMatchObject({kind: 'release-response'});
      await eventually(() => ends.length === 1);
      expect(ends[0]).toMatchObject({kind: 'released', stored: 1, failed: 1});
    },
  );

  it('holds the sender back while the sink is busy instead of collecting', async () => {
    const release = Promise.withResolvers<void>();
    let taken = 0;
    const sink: StoreSink = {
      write(chunk) {
        taken += chunk.length;
        return release.promise;
      },
      finish: async () => ({status: 0}),
      abort() {},
    };
    const {receiver} = await runningReceiver({services: {store: {begin: () => sink}}, idleTimeoutMs: 200});
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate();
    const size = 60 << 20;
    peer.write(storeMessage('1.2.3', Buffer.alloc(size)));
    await eventually(() => taken > 0);
    const before = process.memoryUsage.rss();
    await new Promise(resolve => setTimeout(resolve, 400));
    expect(taken).toBeLessThan(1 << 20);
    expect(peer.socket.writableLength).toBeGreaterThan(size / 2);
    expect(process.memoryUsage.rss() - before).toBeLessThan(30 << 20);
    release.resolve();
    expect(await peer.nextCommand()).toMatchObject({status: 0});
    expect(taken).toBe(size);
  });

  it('works on several instances of one association at once when that was negotiated, and on no more', async () => {
    const open: (() => void)[] = [];
    const sink = (): StoreSink => ({
      write() {},
      finish: () => new Promise(resolve => open.push(() => resolve({status: 0}))),
      abort() {},
    });
    const {receiver} = await runningReceiver({services: {store: {begin: sink}}, maxOperations: 4});
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate(
      associateRequest([ctContext], {
        user: {maxPduLength: 0, roles: [], asynchronousOperations: {invoked: 4, performed: 1}},
      }),
    );
    for (let id = 1; id <= 6; id++)
      peer.write(
        ...frameMessage(storeCommand(`1.2.${id}`, id), 1, true, 16384),
        ...frameMessage(dataSet, 1, false, 16384),
      );
    await eventually(() => open.length === 4);
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(open).toHaveLength(4);
    open[3]?.();
    expect(await peer.nextCommand()).toMatchObject({messageIdRespondedTo: 4});
    await eventually(() => open.length === 5);
    for (let done = 0; done < 6; done++) {
      await eventually(() => open.length > done);
      open[done]?.();
    }
    const ids = [];
    for (let count = 0; count < 5; count++) ids.push((await peer.nextCommand()).messageIdRespondedTo);
    expect(ids.sort()).toEqual([1, 2, 3, 5, 6]);
  });

  it('keeps nothing when the sender aborts or dies in the middle', async () => {
    for (const end of ['abort', 'die'] as const) {
      const {receiver, files, ends} = await runningReceiver();
      const peer = await RawPeer.connect(receiver.port);
      await peer.associate();
      const whole = frameMessage(Buffer.alloc(2_000_000), 1, false, 16384);
      peer.write(...frameMessage(storeCommand('1.2.3'), 1, true, 16384), ...whole.slice(0, 200));
      if (end === 'abort') peer.write(encodePdu({kind: 'abort', source: 0, reason: 0}));
      else peer.socket.destroy();
      await eventually(() => ends.length === 1);
      await eventually(() => files().length === 0);
      expect(ends[0]).toMatchObject({stored: 0, failed: 0});
    }
  });
});

describe('the receiver against bad peers', () => {
  it('aborts on data for a context that was not accepted, and other associations do not notice', async () => {
    const {receiver} = await runningReceiver();
    const good = await RawPeer.connect(receiver.port);
    await good.associate();
    const bad = await RawPeer.connect(receiver.port);
    await bad.associate();
    bad.write(storeMessage('1.2.3', dataSet, 16384, 99));
    expect(await bad.next()).toMatchObject({kind: 'abort', source: 2});
    expect(await bad.next()).toBeUndefined();
    good.write(storeMessage('1.2.3', dataSet));
    expect(await good.nextCommand()).toMatchObject({status: 0});
  });

  it('aborts on what is no PDU, with the reason', async () => {
    const {receiver, ends} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate();
    peer.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(await peer.next()).toEqual({kind: 'abort', source: 2, reason: 1});
    await eventually(() => ends.length === 1);
    expect(ends[0]?.kind).toBe('protocol');
  });

  it('answers commands it does not know with 0211 and goes on', async () => {
    const {receiver} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate();
    const command = encodeCommandSet({commandField: 0x0140, messageId: 9, hasDataSet: true});
    peer.write(...frameMessage(command, 1, true, 16384), ...frameMessage(dataSet, 1, false, 16384));
    expect(await peer.nextCommand()).toMatchObject({commandField: 0x8140, status: 0x0211, messageIdRespondedTo: 9});
    peer.write(storeMessage('1.2.3', dataSet));
    expect(await peer.nextCommand()).toMatchObject({status: 0});
  });

  it('closes a connection on which no association is asked for', async () => {
    const {receiver} = await runningReceiver({artimTimeoutMs: 100});
    const {closed} = await rawConnection(receiver.port);
    await closed;
  });

  it('aborts an association on which nothing happens, also within a message', async () => {
    const {receiver, ends} = await runningReceiver({idleTimeoutMs: 100});
    const silent = await RawPeer.connect(receiver.port);
    await silent.associate();
    expect(await silent.next()).toMatchObject({kind: 'abort'});
    const halfway = await RawPeer.connect(receiver.port);
    await halfway.associate();
    halfway.write(storeMessage('1.2.3', Buffer.alloc(1000)).subarray(0, 700));
    expect(await halfway.next()).toMatchObject({kind: 'abort'});
    await eventually(() => ends.length === 2);
    expect(ends.map(end => end.kind)).toEqual(['timeout', 'timeout']);
  });

  it('answers a release and closes', async () => {
    const {receiver, ends} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate();
    peer.release();
    expect(await peer.next()).toEqual({kind: 'release-response'});
    await eventually(() => ends.length === 1);
    expect(ends[0]?.kind).toBe('released');
  });
});

describe('closing the receiver', () => {
  it('lets open associations finish and takes no new ones', async () => {
    const {receiver, files} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate();
    const message = storeMessage('1.2.3', Buffer.alloc(100_000));
    peer.write(message.subarray(0, 50_000));
    const closing = receiver.close(5000);
    await expect(
      echo({host: '127.0.0.1', port: receiver.port, aeTitle: 'X', callingAeTitle: 'Y'}),
    ).rejects.toMatchObject({failure: 'connect'});
    peer.write(message.subarray(50_000));
    expect(await peer.nextCommand()).toMatchObject({status: 0});
    peer.release();
    await closing;
    expect(files()).toEqual(['1.2.3']);
  });

  it('aborts what is still open after the time', async () => {
    const {receiver, ends} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate();
    await receiver.close(50);
    expect(await peer.next()).toMatchObject({kind: 'abort'});
    expect(ends[0]?.kind).toBe('cancelled');
  });

  it('does not wait for an association on which nothing happens, but for one in the middle of something', async () => {
    const {receiver, ends, files} = await runningReceiver({idleTimeoutMs: 60_000});
    const [idle, busy] = await Promise.all([RawPeer.connect(receiver.port), RawPeer.connect(receiver.port)]);
    await Promise.all([idle.associate(), busy.associate()]);
    const message = storeMessage('1.2.3', Buffer.alloc(100_000));
    busy.write(message.subarray(0, 50_000));
    const closing = receiver.close(20_000);
    expect(await idle.next()).toMatchObject({kind: 'abort'});
    expect(ends).toMatchObject([{kind: 'cancelled'}]);
    busy.write(message.subarray(50_000));
    expect(await busy.nextCommand()).toMatchObject({status: 0});
    busy.release();
    await closing;
    expect(files()).toEqual(['1.2.3']);
  });

  it('does not wait for connections without an association', async () => {
    const {receiver} = await runningReceiver();
    await rawConnection(receiver.port);
    await receiver.close(5000);
  });
});

it('refuses to start on a port in use with the system error', async () => {
  const {receiver} = await runningReceiver();
  await expect(runningReceiver({port: receiver.port})).rejects.toMatchObject({code: 'EADDRINUSE'});
});
