import {setTimeout as sleep} from 'node:timers/promises';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {Log} from '../../src/cli/log.ts';
import {type AdmissionLists, type Applicant, admission} from '../../src/dimse/admission.ts';
import {commandField, encodeCommandSet} from '../../src/dimse/commandSet.ts';
import {echo} from '../../src/dimse/echoScu.ts';
import {encodePdu, frameMessage} from '../../src/dimse/pduWriter.ts';
import {eventually, peerAt, rawConnection, runningReceiver} from './helpers.ts';
import {associateRequest, ctContext, RawPeer, storeMessage} from './rawPeer.ts';

const nobody: AdmissionLists = {callers: [], called: [], networks: [], ownAeTitle: 'FIONA'};
const applicant: Applicant = {callingAeTitle: 'CT1', calledAeTitle: 'FIONA', address: '192.0.2.5', isLocal: false};

/** A log that remembers its lines. */
function remembering(): {log: Log; lines: string[]} {
  const lines: string[] = [];
  const add = (line: string) => void lines.push(line);
  return {lines, log: {debug: add, info: add, warn: add, error: add}};
}

const verification = '1.2.840.10008.1.1';
const echoQuestion = Buffer.concat(
  frameMessage(
    encodeCommandSet({
      commandField: commandField.echoRequest,
      affectedSopClassUid: verification,
      messageId: 1,
      hasDataSet: false,
    }),
    1,
    true,
    16384,
  ),
);

async function associated(port: number, abstractSyntax: string): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  await peer.associate(associateRequest([{...ctContext, abstractSyntax}]));
  return peer;
}

describe('the allow lists', () => {
  const because = (lists: Partial<AdmissionLists>, who: Partial<Applicant> = {}) => {
    const answer = admission({...nobody, ...lists})({...applicant, ...who});
    return answer.kind === 'reject' ? answer.because : answer.kind;
  };

  it('let everybody in when they are empty', () => {
    expect(because({})).toBe('accept');
  });

  it('ask for the calling and the called AE title, exactly', () => {
    expect(because({callers: ['CT1', 'MR 1']})).toBe('accept');
    expect(because({callers: ['CT1', 'MR 1']}, {callingAeTitle: 'MR 1'})).toBe('accept');
    for (const stranger of ['ct1', 'CT', 'CT11', '', 'CT1\0']) {
      expect(because({callers: ['CT1']}, {callingAeTitle: stranger})).toBe('caller');
    }
    expect(because({called: ['OTHER']})).toBe('called');
  });

  it.each([
    ['192.0.2.0/24', '192.0.2.255', '192.0.3.0'],
    ['192.0.2.7', '192.0.2.7', '192.0.2.8'],
    ['0.0.0.0/0', '203.0.113.9', '2001:db8::1'],
    ['2001:db8::/32', '2001:db8:ffff::1', '2001:db9::'],
    ['2001:db8::7', '2001:db8:0:0::7', '2001:db8::8'],
    ['fe80::/10', 'fe80::1%eth0', 'fec0::1%eth0'],
  ])('ask for the network: %s has %s and not %s', (network, inside, outside) => {
    expect(because({networks: ['198.51.100.0/30', network]}, {address: inside})).toBe('accept');
    expect(because({networks: ['198.51.100.0/30', network]}, {address: outside})).toBe('stranger');
  });

  it('compare networks of any length bit by bit', () => {
    const text = (address: number) => [24, 16, 8, 0].map(shift => (address >>> shift) & 0xff).join('.');
    const address = fc.nat(0xffffffff);
    fc.assert(
      fc.property(address, fc.oneof(address, fc.nat(32)), fc.integer({min: 0, max: 32}), (network, other, length) => {
        const near = other <= 32 ? (network ^ (1 << (31 - Math.min(other, 31)))) >>> 0 : other;
        const mask = length === 0 ? 0 : -1 << (32 - length);
        const isInside = ((network ^ near) & mask) === 0;
        const found = because({networks: [`${text(network)}/${length}`]}, {address: text(near)});
        expect(found).toBe(isInside ? 'accept' : 'stranger');
      }),
    );
  });

  it('never shut out our own watchdog, and nobody else who borrows its title', () => {
    const closed = {callers: ['CT1'], called: ['X'], networks: ['192.0.2.0/24']};
    const own = {callingAeTitle: 'FIONA', calledAeTitle: 'FIONA', address: '127.0.0.1'};
    expect(because(closed, {...own, isLocal: true})).toBe('accept');
    expect(because(closed, {...own, isLocal: false, address: '203.0.113.1'})).toBe('stranger');
    expect(because(closed, {...own, isLocal: true, callingAeTitle: 'S2M'})).toBe('stranger');
  });

  it.each([
    ['caller', {callers: ['MR1']}, {result: 1, source: 1, reason: 3}, 'RAW is no allowed caller'],
    ['called', {called: ['FIONA']}, {result: 1, source: 1, reason: 7}, 'ANY is no AE title of ours'],
    ['network', {networks: ['192.0.2.0/24']}, {result: 1, source: 1, reason: 1}, 'in none of the allowed networks'],
  ])('reject a foreign %s as PS3.8 says, with one line in the log', async (_, lists, codes, text) => {
    const {log, lines} = remembering();
    const {receiver, ends} = await runningReceiver({log, services: {associate: admission({...nobody, ...lists})}});
    const peer = await RawPeer.connect(receiver.port);
    expect(await peer.associate()).toEqual({kind: 'associate-reject', ...codes});
    await eventually(() => ends.length === 1);
    expect(lines).toEqual([expect.stringMatching(/^association 1: RAW \(127\.0\.0\.1\) -> ANY: rejected, stored 0/)]);
    expect(lines[0]).toContain(text);
    expect(receiver.openAssociations).toBe(0);
  });
});

describe('a receiver that is left alone', () => {
  it('takes so many bytes of an association and answers A700 to the rest; the next association begins anew', async () => {
    const {log, lines} = remembering();
    const {receiver, files, ends} = await runningReceiver({log, maxAssociationBytes: 100_000});
    for (const round of [1, 2]) {
      const peer = await RawPeer.connect(receiver.port);
      await peer.associate();
      const statuses: (number | undefined)[] = [];
      for (const number of [1, 2, 3]) {
        peer.write(storeMessage(`1.2.${round}.${number}`, Buffer.alloc(60_000)));
        statuses.push((await peer.nextCommand()).status);
      }
      expect(statuses).toEqual([0, 0xa700, 0xa700]);
      peer.release();
      await eventually(() => ends.length === round);
    }
    expect(files()).toEqual(['1.2.1.1', '1.2.2.1']);
    expect(lines.at(-1)).toMatch(
      /^association 2: RAW \(127\.0\.0\.1\) -> ANY: released, stored 1, failed 2 \(A700 x 2\), 180000 bytes, \d\.\d s$/,
    );
  });

  it('ends a sender of one byte now and then, within a data set, a PDU or a request', async () => {
    const {receiver, ends, files} = await runningReceiver({
      idleTimeoutMs: 100,
      artimTimeoutMs: 300,
      minBytesPerSecond: 1000,
    });
    const message = storeMessage('1.2.3', Buffer.alloc(5000));
    const drips: [Buffer, Buffer][] = [
      [Buffer.concat([encodePdu(associateRequest()), message.subarray(0, 3000)]), message.subarray(3000)],
      [encodePdu(associateRequest()), Buffer.concat([Buffer.from([7, 0, 0, 0, 1, 0]), Buffer.alloc(300)])],
      [Buffer.alloc(0), encodePdu(associateRequest())],
    ];
    const dripping = drips.map(async ([atOnce, slowly]) => {
      const {socket, closed} = await rawConnection(receiver.port);
      socket.write(atOnce);
      let isOpen = true;
      void closed.then(() => {
        isOpen = false;
      });
      for (let at = 0; isOpen && at < slowly.length; at++) {
        socket.write(slowly.subarray(at, at + 1));
        await sleep(20);
      }
      expect(isOpen).toBe(false);
    });
    // Somebody who asks now and then is no such sender, nor is one that is slow but fast enough.
    const patient = await associated(receiver.port, verification);
    const slow = await RawPeer.connect(receiver.port);
    await slow.associate();
    const long = storeMessage('1.2.4', Buffer.alloc(50_000));
    for (let at = 0; at < long.length; at += 2000) {
      patient.write(echoQuestion);
      expect(await patient.nextCommand()).toMatchObject({status: 0});
      slow.write(long.subarray(at, at + 2000));
      await sleep(40);
    }
    expect(await slow.nextCommand()).toMatchObject({status: 0});
    await Promise.all(dripping);
    await eventually(() => ends.filter(end => end.kind === 'timeout').length >= 2);
    expect(ends.map(({detail}) => detail).join()).toMatch(/sends only \d+\.\d bytes a second/);
    expect(files()).toEqual(['1.2.4']);
  });

  it('stops reading from a peer that never reads its answers, and ends it', async () => {
    const {receiver, ends} = await runningReceiver({responseTimeoutMs: 400, idleTimeoutMs: 60_000});
    const peer = await associated(receiver.port, verification);
    const {socket} = peer;
    socket.pause();
    const many = Buffer.concat(Array.from({length: 10_000}, () => echoQuestion));
    for (let round = 0; round < 40; round++) socket.write(many);
    await eventually(() => ends.length === 1);
    expect(ends[0]).toMatchObject({kind: 'timeout', detail: expect.stringContaining('does not answer')});
    expect(socket.writableLength).toBeGreaterThan(1 << 20);
    socket.resume();
    while (await peer.next());
    await echo(peerAt(receiver.port));
  });

  it('serves as many of 500 connections at once as it may, and tells the others to come back', async () => {
    const {receiver, ends} = await runningReceiver({maxAssociations: 250});
    const peers = await Promise.all(Array.from({length: 500}, () => RawPeer.connect(receiver.port)));
    const answers = await Promise.all(peers.map(peer => peer.associate()));
    const busy = {kind: 'associate-reject', result: 2, source: 3, reason: 2};
    expect(answers.filter(answer => answer?.kind === 'associate-accept')).toHaveLength(250);
    expect(answers.filter(answer => answer?.kind === 'associate-reject')).toEqual(
      Array.from({length: 250}, () => busy),
    );
    for (const peer of peers) peer.socket.destroy();
    await eventually(() => ends.length === 500);
    expect(receiver.openAssociations).toBe(0);
    await echo(peerAt(receiver.port));
  });

  it('turns connections away when even they are too many, and says so once', async () => {
    const {log, lines} = remembering();
    const {receiver} = await runningReceiver({log, maxAssociations: 1, artimTimeoutMs: 500});
    const connections = await Promise.all(Array.from({length: 100}, () => rawConnection(receiver.port)));
    await eventually(() => receiver.counters.dropped === 34);
    expect(lines.filter(line => line.includes('turned away'))).toHaveLength(1);
    await Promise.all(connections.map(({closed}) => closed));
    await echo(peerAt(receiver.port));
  });

  it('keeps nothing of an instance whose sender closes its half of the connection in the middle', async () => {
    const {receiver, ends, files} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate();
    peer.socket.end(storeMessage('1.2.3', Buffer.alloc(50_000)).subarray(0, 30_000));
    await eventually(() => ends.length === 1);
    expect(ends[0]).toMatchObject({kind: 'closed', stored: 0});
    expect(files()).toEqual([]);
  });

  it('takes AE titles of any bytes and writes none of them raw into its log', async () => {
    const {log, lines} = remembering();
    const {receiver, received, ends} = await runningReceiver({log});
    const titles = ['  A B ', 'A\r\nB', '\x1b[2J', 'MÜNCHEN', '\u0000', '', 'X'.repeat(16)];
    for (const [number, title] of titles.entries()) {
      const request = encodePdu(associateRequest());
      request.write(title.padEnd(16), 26, 16, 'utf8');
      const {socket, received: answer} = await rawConnection(receiver.port);
      socket.write(request);
      await eventually(() => answer().length > 74);
      socket.write(storeMessage(`1.2.${number}`, Buffer.alloc(10)));
      await eventually(() => received.length === number + 1);
      socket.destroy();
    }
    await eventually(() => ends.length === titles.length);
    expect(lines.filter(line => /[^\x20-\x7e]/.test(line))).toEqual([]);
  });
});
