import {describe, expect, it} from 'vitest';
import type {Log} from '../../src/cli/log.ts';
import type {ProposedContext} from '../../src/dimse/pdu.ts';
import {encodePdu} from '../../src/dimse/pduWriter.ts';
import {ctImageStorage, eventually, explicitUid, implicitUid, runningReceiver} from './helpers.ts';
import {associateRequest, ctContext, RawPeer, storeMessage} from './rawPeer.ts';

const dataSet = Buffer.alloc(3001, 7);
const second: ProposedContext = {...ctContext, id: 3};

describe('presentation contexts', () => {
  async function answerTo(contexts: ProposedContext[]) {
    const {receiver} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    const began = performance.now();
    const answer = await peer.associate(associateRequest(contexts));
    if (answer?.kind !== 'associate-accept') throw new Error(`answered ${answer?.kind}`);
    return {answer, peer, took: performance.now() - began};
  }

  it('none at all: accepted with none, and released', async () => {
    const {answer, peer} = await answerTo([]);
    expect(answer.contexts).toEqual([]);
    peer.release();
    expect(await peer.next()).toEqual({kind: 'release-response'});
  });

  it('300, so that ids repeat: one answer each, and what was given twice alike can be used', async () => {
    const {answer, peer} = await answerTo(Array.from({length: 300}, (_, index) => ({...ctContext, id: index % 256})));
    expect(answer.contexts).toHaveLength(256);
    expect(answer.contexts.every(context => context.result === 0)).toBe(true);
    peer.write(storeMessage('1.2.3', dataSet, 16384, 7));
    expect(await peer.nextCommand()).toMatchObject({status: 0});
  });

  it('one id for two transfer syntaxes: refused, because nobody could tell how the data are encoded', async () => {
    const {answer} = await answerTo([ctContext, second, {...ctContext, transferSyntaxes: [implicitUid]}, ctContext]);
    expect(answer.contexts.map(({id, result}) => [id, result])).toEqual([
      [1, 2],
      [3, 0],
    ]);
  });

  it('80000 in one request cost no more than a moment', async () => {
    const {answer, took} = await answerTo(
      Array.from({length: 80_000}, (_, index) => ({id: index & 255, abstractSyntax: '', transferSyntaxes: []})),
    );
    expect(answer.contexts).toHaveLength(256);
    expect(took).toBeLessThan(5000);
  });

  it('names that can be no UID, however long, are refused', async () => {
    const long = '1'.repeat(60_000);
    const {answer} = await answerTo([
      {id: 1, abstractSyntax: long, transferSyntaxes: [explicitUid]},
      {id: 3, abstractSyntax: ctImageStorage, transferSyntaxes: [long, '1.2/../../x']},
      {id: 5, abstractSyntax: ctImageStorage, transferSyntaxes: [long, explicitUid]},
    ]);
    expect(answer.contexts.map(({result}) => result)).toEqual([3, 4, 0]);
  });

  it('role selection for what was not accepted is not answered, thousands of them neither', async () => {
    const {receiver} = await runningReceiver();
    const peer = await RawPeer.connect(receiver.port);
    const roles = Array.from({length: 2500}, (_, index) => ({
      sopClassUid: `1.2.3.${index}.99999`,
      scu: true,
      scp: true,
    }));
    const wanted = {sopClassUid: ctImageStorage, scu: true, scp: true};
    const user = {maxPduLength: 0, roles: [...roles, wanted, wanted]};
    expect(await peer.associate(associateRequest([ctContext], {user}))).toMatchObject({
      user: {roles: [{sopClassUid: ctImageStorage, scu: true, scp: false}]},
    });
  });
});

describe('names', () => {
  it.each([
    ['blanks', '   ', '                '],
    ['control characters', 'A\r\nERROR x\x1b[2J', '\x00\x07CALLED'],
    ['UTF-8', Buffer.from('KÖLN-ÆØÅ').toString('latin1'), Buffer.from('日本').toString('latin1')],
    ['a path', '../../../etc', '/dev/null'],
  ])('AE titles with %s associate and cannot forge a line of the log', async (_, callingAeTitle, calledAeTitle) => {
    const lines: string[] = [];
    const note = (text: string) => void lines.push(text);
    const log = {info: note, warn: note, error: note, debug: note} as unknown as Log;
    const {receiver, files} = await runningReceiver({log});
    const peer = await RawPeer.connect(receiver.port);
    await peer.associate(associateRequest([ctContext], {callingAeTitle, calledAeTitle}));
    peer.write(storeMessage('1.2.3', dataSet));
    expect(await peer.nextCommand()).toMatchObject({status: 0});
    expect(files()).toEqual(['1.2.3']);
    peer.release();
    await eventually(() => receiver.openAssociations === 0 && lines.length >= 2);
    for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]*$/);
  });
});

describe('user information', () => {
  it('extended and common extended negotiation, a user identity and unknown items, whatever is in them', async () => {
    const lines: string[] = [];
    const note = (text: string) => void lines.push(text);
    const log = {info: note, warn: note, error: note, debug: note} as unknown as Log;
    const {receiver} = await runningReceiver({log});
    const request = encodePdu(associateRequest());
    const item = (type: number, body: Buffer) =>
      Buffer.concat([Buffer.from([type, 0, body.length >> 8, body.length & 255]), body]);
    const secret = Buffer.concat([
      Buffer.from([2, 1, 0, 4]),
      Buffer.from('anna'),
      Buffer.from([0, 7]),
      Buffer.from('s3cret!'),
    ]);
    const extra = Buffer.concat([
      item(0x56, Buffer.from([0, 3, 0x31, 0x2e, 0x32, 1, 1])),
      item(0x56, Buffer.from([255, 255])),
      item(0x57, Buffer.alloc(300, 0xee)),
      item(0x57, Buffer.alloc(0)),
      item(0x58, secret),
      item(0x7f, Buffer.alloc(50, 1)),
    ]);
    const lengthAt = request.length - 8 - 2;
    request.writeUInt16BE(request.readUInt16BE(lengthAt) + extra.length, lengthAt);
    request.writeUInt32BE(request.readUInt32BE(2) + extra.length, 2);
    const peer = await RawPeer.connect(receiver.port);
    peer.write(request, extra);
    expect(await peer.next()).toMatchObject({kind: 'associate-accept', contexts: [{result: 0}]});
    expect(lines.join('\n')).not.toMatch(/s3cret|anna/);
  });
});
