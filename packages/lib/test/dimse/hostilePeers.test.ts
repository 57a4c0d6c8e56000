import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {encodeCommandSet} from '../../src/dimse/commandSet.ts';
import {echo} from '../../src/dimse/echoScu.ts';
import {MessageAssembler} from '../../src/dimse/messageAssembler.ts';
import type {ProposedContext} from '../../src/dimse/pdu.ts';
import {encodePdu, frameMessage} from '../../src/dimse/pduWriter.ts';
import {
  ctImageStorage,
  eventually,
  explicitUid,
  implicitUid,
  peerAt,
  type RunningReceiver,
  runningReceiver,
} from './helpers.ts';
import {associateRequest, ctContext, dataPdu, dataValue, RawPeer, storeCommand, storeMessage} from './rawPeer.ts';

const dataSet = Buffer.from(Array.from({length: 3001}, (_, index) => index & 0xff));
const second: ProposedContext = {...ctContext, id: 3};

async function associated(contexts?: ProposedContext[]): Promise<{peer: RawPeer; running: RunningReceiver}> {
  const running = await runningReceiver();
  const peer = await RawPeer.connect(running.receiver.port);
  expect(await peer.associate(associateRequest(contexts))).toMatchObject({kind: 'associate-accept'});
  return {peer, running};
}

function stored({folder}: RunningReceiver, sopInstanceUid: string): Buffer {
  const bytes = readFileSync(join(folder, sopInstanceUid));
  return bytes.subarray(144 + bytes.readUInt32LE(140));
}

/** A PDU of this type that declares so many bytes. */
function declared(type: number, length: number): Buffer {
  const header = Buffer.from([type, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(length, 2);
  return header;
}

describe('what is strange but clear is understood', () => {
  it('values of odd length, with a filler byte that only the PDU counts', async () => {
    const {peer, running} = await associated();
    const withFiller = (value: Buffer) => {
      const filler = value.length % 2;
      return Buffer.concat([declared(4, value.length + filler), value, Buffer.alloc(filler)]);
    };
    const command = storeCommand('1.2.3');
    peer.write(
      withFiller(dataValue(1, 1, command.subarray(0, 33))),
      withFiller(dataValue(1, 3, command.subarray(33))),
      withFiller(dataValue(1, 0, dataSet.subarray(0, 1001))),
      withFiller(dataValue(1, 2, dataSet.subarray(1001))),
    );
    expect(await peer.nextCommand()).toMatchObject({status: 0});
    expect(stored(running, '1.2.3').equals(dataSet)).toBe(true);
  });

  it('single bytes, each in a value of its own, with empty values in between', async () => {
    const {peer, running} = await associated();
    const singles = (bytes: Buffer, flag: number) =>
      [...bytes].flatMap((byte, index) => [
        dataValue(1, flag, Buffer.alloc(0)),
        dataValue(1, flag | (index === bytes.length - 1 ? 2 : 0), Buffer.from([byte])),
      ]);
    for (const value of [...singles(storeCommand('1.2.3'), 1), ...singles(dataSet, 0)]) peer.write(dataPdu(value));
    expect(await peer.nextCommand()).toMatchObject({status: 0});
    expect(stored(running, '1.2.3').equals(dataSet)).toBe(true);
  });

  it('a data set in another accepted context of the same transfer syntax', async () => {
    const {peer, running} = await associated([ctContext, second]);
    peer.write(...frameMessage(storeCommand('1.2.3'), 1, true, 16384), ...frameMessage(dataSet, 3, false, 1000));
    expect(await peer.nextCommand()).toMatchObject({status: 0});
    expect(stored(running, '1.2.3').equals(dataSet)).toBe(true);
  });

  it('a command set with elements of groups that do not belong there', async () => {
    const {peer, running} = await associated();
    const garbage = Buffer.concat([Buffer.from('08001800040000003132330009001000020000004100', 'hex')]);
    peer.write(
      ...frameMessage(Buffer.concat([garbage, storeCommand('1.2.3'), garbage]), 1, true, 16384),
      ...frameMessage(dataSet, 1, false, 16384),
    );
    expect(await peer.nextCommand()).toMatchObject({status: 0});
    expect(running.files()).toEqual(['1.2.3']);
  });

  it('an announced PDU length of 1, and answers that respect 0 as no limit', async () => {
    for (const maxPduLength of [0, 1, 0xffffffff]) {
      const {receiver} = await runningReceiver();
      const peer = await RawPeer.connect(receiver.port);
      await peer.associate(associateRequest([ctContext], {user: {maxPduLength, roles: []}}));
      peer.write(storeMessage('1.2.3', dataSet));
      expect(await peer.nextCommand()).toMatchObject({status: 0});
    }
  });
});

describe('what cannot be understood ends its association, with source and reason, and nothing else', () => {
  const cases: [string, Buffer[], object][] = [
    [
      'a data set in a context of another transfer syntax',
      [...frameMessage(storeCommand('1.2.3'), 1, true, 16384), ...frameMessage(dataSet, 5, false, 16384)],
      {source: 2, reason: 5},
    ],
    ['data in a context that was refused', [storeMessage('1.2.3', dataSet, 16384, 7)], {source: 2, reason: 6}],
    ['data in a context that was never proposed', [storeMessage('1.2.3', dataSet, 16384, 201)], {source: 2, reason: 6}],
    ['a P-DATA-TF of 4 GB', [declared(4, 0xffffffff), Buffer.alloc(100)], {source: 2, reason: 6}],
    [
      'a P-DATA-TF with a value longer than itself',
      [declared(4, 20), Buffer.from([0, 0, 1, 0, 1, 3])],
      {source: 2, reason: 6},
    ],
    [
      'a P-DATA-TF that ends within the header of a value',
      [declared(4, 4), Buffer.from([0, 0, 0, 2])],
      {source: 2, reason: 6},
    ],
    ['a second A-ASSOCIATE-RQ', [encodePdu(associateRequest())], {source: 2, reason: 2}],
    ['an A-RELEASE-RP nobody asked for', [encodePdu({kind: 'release-response'})], {source: 2, reason: 2}],
    ['a PDU of unknown type', [declared(8, 0)], {source: 2, reason: 1}],
    ['a data set without a command', frameMessage(dataSet, 1, false, 16384), {source: 2, reason: 5}],
    [
      'a command set that is cut off',
      frameMessage(storeCommand('1.2.3').subarray(0, 41), 1, true, 16384),
      {source: 2, reason: 6},
    ],
    ['a command set without a command field', frameMessage(Buffer.alloc(8), 1, true, 16384), {source: 2, reason: 6}],
    ['a command set of 70000 bytes', frameMessage(Buffer.alloc(70_000), 1, true, 16384), {source: 2, reason: 6}],
    [
      'a command within a data set',
      [...frameMessage(storeCommand('1.2.3'), 1, true, 16384), ...frameMessage(storeCommand('1.2.4'), 1, true, 16384)],
      {source: 2, reason: 5},
    ],
  ];

  it.each(cases)('%s', async (_, bytes, abort) => {
    const refused = {id: 7, abstractSyntax: '1.2.840.10008.5.1.4.31', transferSyntaxes: [explicitUid]};
    const implicit = {...ctContext, id: 5, transferSyntaxes: [implicitUid]};
    const {peer, running} = await associated([ctContext, implicit, refused]);
    const neighbour = await RawPeer.connect(running.receiver.port);
    await neighbour.associate();
    peer.write(...bytes);
    expect(await peer.next()).toEqual({kind: 'abort', ...abort});
    expect(await peer.next()).toBeUndefined();
    neighbour.write(storeMessage('1.2.9', dataSet));
    expect(await neighbour.nextCommand()).toMatchObject({status: 0});
    await eventually(() => running.ends.length === 1);
    expect(running.ends[0]).toMatchObject({kind: 'protocol', stored: 0});
    expect(running.files()).toEqual(['1.2.9']);
  });

  it.each([
    ['of 4 GB', declared(1, 0xffffffff)],
    ['without its fixed part', Buffer.concat([declared(1, 20), Buffer.alloc(20)])],
    [
      'with an item that is longer than what holds it',
      Buffer.concat([declared(1, 72), Buffer.from([0, 1]), Buffer.alloc(66), Buffer.from([0x20, 0, 0xff, 0xff])]),
    ],
  ])('an A-ASSOCIATE-RQ %s', async (_, bytes) => {
    const {receiver} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    peer.write(bytes);
    expect(await peer.next()).toEqual({kind: 'abort', source: 0, reason: 0});
    await echo(peerAt(receiver.port));
  });

  it.each(['A-RELEASE-RQ', 'A-ABORT', 'half-close', 'half-close within a PDU'])(
    'a data set cut in the middle by %s: nothing is kept',
    async end => {
      const {peer, running} = await associated();
      const pdus = frameMessage(Buffer.alloc(100_000), 1, false, 16384).slice(0, end.endsWith('PDU') ? 5 : 6);
      peer.write(...frameMessage(storeCommand('1.2.3'), 1, true, 16384), ...pdus);
      if (end === 'A-RELEASE-RQ') peer.release();
      else if (end === 'A-ABORT') peer.write(encodePdu({kind: 'abort', source: 0, reason: 0}));
      else peer.socket.end();
      await eventually(() => running.ends.length === 1);
      expect(running.ends[0]).toMatchObject({stored: 0});
      await eventually(() => running.files().length === 0);
    },
  );
});

describe('fragments that are nearly nothing', () => {
  it('do not keep the chunks alive in which they came', async () => {
    const kept: Buffer[] = [];
    const taker = {write: (chunk: Buffer) => void kept.push(chunk), end() {}, abort() {}};
    const assembler = new MessageAssembler(() => taker);
    assembler.take({kind: 'fragment', contextId: 1, command: true, last: true, data: storeCommand('1.2.3')});
    for (let count = 0; count < 20_000; count++) {
      const chunk = Buffer.allocUnsafeSlow(65_536);
      assembler.take({kind: 'fragment', contextId: 1, command: false, last: false, data: chunk.subarray(7, 9)});
    }
    const held = new Set(kept.map(chunk => chunk.buffer));
    expect(kept.length).toBeLessThan(10);
    expect([...held].reduce((sum, buffer) => sum + buffer.byteLength, 0)).toBeLessThan(100_000);
  });

  it('come without end and without bytes: nothing grows', () => {
    const assembler = new MessageAssembler(() => undefined);
    const empty = Buffer.alloc(0);
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < 2_000_000; count++)
      assembler.take({kind: 'fragment', contextId: 1, command: true, last: false, data: empty});
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(40 << 20);
  });
});

it('a C-STORE request without a data set is answered, not waited for', async () => {
  const {peer} = await associated();
  const command = encodeCommandSet({
    commandField: 1,
    messageId: 4,
    affectedSopClassUid: ctImageStorage,
    hasDataSet: false,
  });
  peer.write(...frameMessage(command, 1, true, 16384));
  const {status = 0} = await peer.nextCommand();
  expect(status).not.toBe(0);
  peer.write(storeMessage('1.2.3', dataSet));
  expect(await peer.nextCommand()).toMatchObject({status: 0});
});
