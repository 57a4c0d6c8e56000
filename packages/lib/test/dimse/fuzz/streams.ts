import {type CommandSet, commandField, encodeCommandSet} from '../../../src/dimse/commandSet.ts';
import {applicationContextName, type ProposedContext} from '../../../src/dimse/pdu.ts';
import {encodePdu} from '../../../src/dimse/pduWriter.ts';
import type {Random} from './random.ts';

const explicitLittleEndian = '1.2.840.10008.1.2.1';
const implicitLittleEndian = '1.2.840.10008.1.2';
const jpegLossless = '1.2.840.10008.1.2.4.70';

/** SOP class of all instances here: CT. */
export const sopClass = '1.2.840.10008.5.1.4.1.1.2';

const contexts: ProposedContext[] = [
  {id: 1, abstractSyntax: sopClass, transferSyntaxes: [explicitLittleEndian, implicitLittleEndian]},
  {id: 3, abstractSyntax: sopClass, transferSyntaxes: [jpegLossless]},
  {id: 5, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: [implicitLittleEndian]},
  {id: 7, abstractSyntax: '1.2.840.10008.5.1.4.1.2.2.1', transferSyntaxes: [implicitLittleEndian]},
  {id: 9, abstractSyntax: '1.3.12.2.1107.5.9.1', transferSyntaxes: [explicitLittleEndian]},
];

function pdv(contextId: number, flags: number, data: Buffer): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt32BE(data.length + 2);
  header.writeUInt8(contextId, 4);
  header.writeUInt8(flags, 5);
  return Buffer.concat([header, data]);
}

function dataPdu(values: Buffer[]): Buffer {
  const body = Buffer.concat(values);
  const header = Buffer.alloc(6);
  header.writeUInt8(4);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

/** P-DATA-TF PDUs of a message, cut at random. */
export function message(random: Random, contextId: number, command: CommandSet, dataSet?: Buffer): Buffer[] {
  const values: Buffer[] = [];
  const cut = (bytes: Buffer, flag: number) => {
    for (let at = 0; at < bytes.length; ) {
      const length = random.chance(3) ? bytes.length - at : random.below(bytes.length - at + 1);
      at += length;
      values.push(pdv(contextId, flag | (at === bytes.length ? 2 : 0), bytes.subarray(at - length, at)));
      if (length === 0 && random.chance(4)) break;
    }
  };
  cut(encodeCommandSet(command), 1);
  if (dataSet) cut(dataSet, 0);
  const pdus: Buffer[] = [];
  while (values.length > 0) pdus.push(dataPdu(values.splice(0, 1 + random.below(4))));
  return pdus;
}

let instances = 0;

function store(random: Random): Buffer[] {
  const command = {
    commandField: commandField.storeRequest,
    affectedSopClassUid: sopClass,
    messageId: 1 + random.below(100),
    priority: 0,
    hasDataSet: !random.chance(20),
    affectedSopInstanceUid: `1.2.826.0.1.${++instances}`,
  };
  const size = random.chance(20) ? 40_000 + random.below(60_000) : random.below(600);
  return message(random, random.of([1, 1, 1, 3, 9]), command, Buffer.alloc(size, random.below(256)));
}

function request(random: Random): Buffer[] {
  const command = {commandField: commandField.echoRequest, messageId: random.below(0x10000), hasDataSet: false};
  if (random.chance(3)) return message(random, 5, {...command, affectedSopClassUid: '1.2.840.10008.1.1'});
  if (random.chance(6)) {
    const any = {...command, commandField: random.below(0x10000), hasDataSet: random.chance(2)};
    return message(random, random.of([1, 5, 7]), any, any.hasDataSet ? random.bytes(random.below(50)) : undefined);
  }
  return store(random);
}

function associateRequest(random: Random): Buffer {
  const many = random.chance(30)
    ? Array.from({length: 300}, (_, id) => ({...contexts[id % 5], id: id % 256}))
    : contexts;
  return encodePdu({
    kind: 'associate-request',
    protocolVersion: random.chance(50) ? random.below(4) : 1,
    calledAeTitle: random.chance(10) ? random.bytes(16).toString('latin1') : 'FIONA',
    callingAeTitle: random.chance(10) ? random.bytes(16).toString('latin1') : 'FUZZ',
    applicationContext: applicationContextName,
    contexts: many as ProposedContext[],
    user: {
      maxPduLength: random.of([0, 1, 7, 16, 4096, 16384, 0xffffffff]),
      implementationClassUid: '1.2.3',
      roles: random.chance(4) ? [{sopClassUid: sopClass, scu: true, scp: random.chance(2)}] : [],
      ...(random.chance(2) ? {asynchronousOperations: {invoked: random.below(20), performed: 1}} : {}),
    },
  });
}

/** A conversation as an honest sender might have it. */
export function honest(random: Random): Buffer[] {
  const pdus = [associateRequest(random)];
  for (let count = random.below(5); count >= 0; count--) pdus.push(...request(random));
  if (!random.chance(4)) pdus.push(encodePdu({kind: 'release-request'}));
  return pdus;
}

const controls = [
  encodePdu({kind: 'release-request'}),
  encodePdu({kind: 'release-response'}),
  encodePdu({kind: 'abort', source: 0, reason: 0}),
  encodePdu({kind: 'associate-reject', result: 1, source: 1, reason: 1}),
];

/** Changes whole PDUs: drops, doubles, swaps, puts others in between, lies about their length. */
function disorder(random: Random, pdus: Buffer[]): void {
  const at = random.below(pdus.length);
  const pdu = pdus[at] ?? Buffer.alloc(0);
  switch (random.below(6)) {
    case 0:
      pdus.splice(at, 1);
      break;
    case 1:
      pdus.splice(random.below(pdus.length), 0, pdu);
      break;
    case 2:
      pdus.splice(at, 0, random.of(controls));
      break;
    case 3:
      pdus.splice(at, 0, Buffer.concat([Buffer.from([random.below(10), 0, 0, 0, 0, 20]), random.bytes(20)]));
      break;
    default: {
      if (pdu.length < 6) break;
      const liar = Buffer.from(pdu);
      const length = liar.readUInt32BE(2);
      liar.writeUInt32BE(
        random.of([0, 1, length + 1, Math.max(0, length - 1), length + 6, 0xffff, 0x7fffffff, 0xffffffff]) >>> 0,
        2,
      );
      pdus[at] = liar;
    }
  }
}

/** Changes bytes: flips, overwrites, cuts out, inserts, doubles. */
function damage(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  const at = random.below(bytes.length);
  const place = random.chance(2) ? at : random.below(Math.min(bytes.length, 150));
  switch (random.below(7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, place), random.bytes(random.below(9)), bytes.subarray(place)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, place), bytes.subarray(Math.min(bytes.length, place + random.below(9)))]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(at + 1))]);
    default: {
      const changed = Buffer.from(bytes);
      changed[place] = random.of([random.below(256), 0, 255, (changed[place] ?? 0) ^ (1 << random.below(8))]);
      return changed;
    }
  }
}

/** The bytes of one connection: the rest is only taken after an answer to the first ones. */
export interface HostileStream {
  entry: Buffer;
  rest: Buffer;
  /** The entry is as it should be: there will be an answer. */
  isHonestEntry: boolean;
}

const none: Buffer = Buffer.alloc(0);

/** Random bytes, an honest conversation, or one changed in some places. */
export function hostile(random: Random, conversation: (random: Random) => Buffer[]): HostileStream {
  if (random.chance(20)) return {entry: random.bytes(random.below(400)), rest: none, isHonestEntry: false};
  if (random.chance(30)) {
    const type = Buffer.from([1 + random.below(7), 0, 0, 0]);
    return {entry: Buffer.concat([type, random.bytes(random.below(400))]), rest: none, isHonestEntry: false};
  }
  const [first = none, ...pdus] = conversation(random);
  if (random.chance(15)) return {entry: first, rest: Buffer.concat(pdus), isHonestEntry: true};
  // Who never gets in does not come far: most requests stay as they are.
  if (random.chance(4)) return {entry: damage(random, first), rest: Buffer.concat(pdus), isHonestEntry: false};
  while (random.chance(2) && pdus.length > 0) disorder(random, pdus);
  let rest: Buffer = Buffer.concat(pdus);
  do rest = damage(random, rest);
  while (random.chance(3));
  return {entry: first, rest, isHonestEntry: true};
}
