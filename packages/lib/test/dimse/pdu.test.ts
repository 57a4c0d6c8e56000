import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {DimseError} from '../../src/dimse/dimseError.ts';
import {
  type AssociateAccept,
  type AssociateRequest,
  applicationContextName,
  type ControlPdu,
  type Fragment,
} from '../../src/dimse/pdu.ts';
import {PduReader} from '../../src/dimse/pduReader.ts';
import {encodePdu, frameMessage} from '../../src/dimse/pduWriter.ts';

const request: AssociateRequest = {
  kind: 'associate-request',
  protocolVersion: 1,
  calledAeTitle: 'FIONA',
  callingAeTitle: 'CT SCANNER 1',
  applicationContext: applicationContextName,
  contexts: [
    {id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2']},
    {
      id: 3,
      abstractSyntax: '1.2.840.10008.5.1.4.1.1.2',
      transferSyntaxes: ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2.4.70'],
    },
  ],
  user: {
    maxPduLength: 131072,
    implementationClassUid: '1.2.3',
    implementationVersion: 'TEST',
    asynchronousOperations: {invoked: 4, performed: 1},
    roles: [{sopClassUid: '1.2.840.10008.5.1.4.1.1.2', scu: false, scp: true}],
  },
};

const accept: AssociateAccept = {
  kind: 'associate-accept',
  calledAeTitle: 'FIONA',
  callingAeTitle: 'CT SCANNER 1',
  contexts: [
    {id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2'},
    {id: 3, result: 4, transferSyntax: ''},
  ],
  user: {maxPduLength: 0, roles: []},
};

const others: ControlPdu[] = [
  {kind: 'associate-reject', result: 1, source: 1, reason: 7},
  {kind: 'release-request'},
  {kind: 'release-response'},
  {kind: 'abort', source: 2, reason: 6},
];

function readAll(chunks: Buffer[]): (ControlPdu | Fragment)[] {
  const reader = new PduReader();
  const tokens: (ControlPdu | Fragment)[] = [];
  for (const chunk of chunks) {
    reader.feed(chunk);
    for (let token = reader.next(); token; token = reader.next()) tokens.push(token);
  }
  return tokens;
}

/** Cuts bytes at these places, taken modulo the length. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const at = [0, ...places.map(place => place % (bytes.length + 1)), bytes.length].sort((one, other) => one - other);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const somePlaces = fc.array(fc.nat(100_000), {maxLength: 30});

describe('PDU reader and writer', () => {
  it.each([request, accept, ...others])('reads back $kind as it was written', pdu => {
    expect(readAll([encodePdu(pdu)])).toEqual([pdu]);
  });

  it('reads the same whatever the pieces the line delivers', () => {
    const stream = Buffer.concat([
      ...[request, ...others].map(encodePdu),
      ...frameMessage(Buffer.from('abcdef'), 3, true, 12),
    ]);
    const whole = readAll([stream]);
    fc.assert(
      fc.property(somePlaces, places => {
        const pieces = readAll(cut(stream, places));
        expect(pieces.filter(token => token.kind !== 'fragment')).toEqual(
          whole.filter(token => token.kind !== 'fragment'),
        );
        const data = pieces.filter(token => token.kind === 'fragment').map(token => token.data);
        expect(Buffer.concat(data).toString()).toBe('abcdef');
      }),
    );
  });

  it('gives a data set back whatever the PDU length, odd ones included', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({maxLength: 5000}),
        fc.integer({min: 16, max: 6000}),
        somePlaces,
        (bytes, length, places) => {
          const data = Buffer.from(bytes);
          const fragments = readAll(cut(Buffer.concat(frameMessage(data, 5, false, length)), places)) as Fragment[];
          expect(Buffer.concat(fragments.map(fragment => fragment.data))).toEqual(data);
          expect(fragments.filter(fragment => fragment.last)).toEqual([fragments.at(-1)]);
          expect(fragments.every(fragment => fragment.contextId === 5 && !fragment.command)).toBe(true);
        },
      ),
    );
  });

  it('takes several presentation data values in one PDU, also empty ones', () => {
    const value = (flags: number, text: string) => {
      const header = Buffer.alloc(6);
      header.writeUInt32BE(text.length + 2);
      header.writeUInt8(7, 4);
      header.writeUInt8(flags, 5);
      return Buffer.concat([header, Buffer.from(text)]);
    };
    const body = Buffer.concat([value(1, 'com'), value(3, 'mand'), value(0, 'x'), value(2, '')]);
    const header = Buffer.from([4, 0, 0, 0, 0, body.length]);
    const tokens = readAll([Buffer.concat([header, body])]) as Fragment[];
    expect(tokens.map(({command, last, data}) => [command, last, data.toString()])).toEqual([
      [true, false, 'com'],
      [true, true, 'mand'],
      [false, false, 'x'],
      [false, true, ''],
    ]);
  });

  it('reads user identity and passes over extended negotiation and items it does not know', () => {
    const bytes = encodePdu({...request, user: {maxPduLength: 1000, roles: []}});
    const extra = Buffer.from([
      ...[0x56, 0, 0, 6, 0, 3, 0x31, 0x2e, 0x32, 1],
      ...[0x57, 0, 0, 2, 9, 9],
      ...[0x58, 0, 0, 8, 2, 1, 0, 1, 0x75, 0, 1, 0x70],
      ...[0x7f, 0, 0, 1, 1],
    ]);
    const userLengthAt = bytes.length - 8 - 2;
    bytes.writeUInt16BE(bytes.readUInt16BE(userLengthAt) + extra.length, userLengthAt);
    bytes.writeUInt32BE(bytes.readUInt32BE(2) + extra.length, 2);
    const [pdu] = readAll([Buffer.concat([bytes, extra])]);
    expect(pdu).toMatchObject({user: {maxPduLength: 1000, userIdentity: {type: 2, answerRequested: true}}});
  });

  it.each([
    ['an unknown PDU type', Buffer.from([9, 0, 0, 0, 0, 4, 0, 0, 0, 0]), 1],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 1],
    ['a control PDU of 4 GB', Buffer.from([1, 0, 0xff, 0xff, 0xff, 0xff]), 6],
    ['a P-DATA of 4 GB', Buffer.from([4, 0, 0xff, 0xff, 0xff, 0xff]), 6],
    ['a value longer than its PDU', Buffer.from([4, 0, 0, 0, 0, 8, 0, 0, 0, 5, 1, 0]), 6],
    ['a value without its own header', Buffer.from([4, 0, 0, 0, 0, 8, 0, 0, 0, 1, 1, 0]), 6],
    ['a request without its fixed part', Buffer.from([1, 0, 0, 0, 0, 2, 0, 1]), 6],
  ])('refuses %s with the reason the abort has to carry', (_, bytes, reason) => {
    const reader = new PduReader();
    reader.feed(bytes);
    expect(() => reader.next()).toThrow(expect.objectContaining({failure: 'protocol', source: 2, reason}));
  });

  it('reads garbage to a typed error or not at all, and holds no more than it was given', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({maxLength: 300}), {maxLength: 8}), chunks => {
        expectTypedOrNothing(chunks.map(chunk => Buffer.from(chunk)));
      }),
      {numRuns: 500},
    );
  });

  it('reads mutated PDUs to a typed error or to PDUs', () => {
    const stream = Buffer.concat([
      encodePdu(request),
      encodePdu(accept),
      ...frameMessage(Buffer.alloc(100), 1, true, 50),
    ]);
    const changes = fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), {minLength: 1, maxLength: 10});
    fc.assert(
      fc.property(changes, fc.nat(stream.length), (edits, length) => {
        const mutated = Buffer.from(stream);
        for (const [at, value] of edits) mutated[at] = value;
        expectTypedOrNothing([mutated.subarray(0, length)]);
      }),
      {numRuns: 1000},
    );
  });
});

function expectTypedOrNothing(chunks: Buffer[]): void {
  try {
    readAll(chunks);
  } catch (error) {
    expect(error).toBeInstanceOf(DimseError);
  }
}
