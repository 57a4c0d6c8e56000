import {DimseError} from './dimseError.ts';

/** Command Field values (PS3.7 E.1). A response is its request with bit 15 set. */
export const commandField = {
  storeRequest: 0x0001,
  storeResponse: 0x8001,
  getRequest: 0x0010,
  getResponse: 0x8010,
  findRequest: 0x0020,
  findResponse: 0x8020,
  moveRequest: 0x0021,
  moveResponse: 0x8021,
  echoRequest: 0x0030,
  echoResponse: 0x8030,
  eventReportRequest: 0x0100,
  eventReportResponse: 0x8100,
  actionRequest: 0x0130,
  actionResponse: 0x8130,
  cancelRequest: 0x0fff,
} as const;

/** A command set (PS3.7 6.3, E.1): the elements that the composite services and storage commitment use. Text is without padding, untrusted. */
export interface CommandSet {
  commandField: number;
  affectedSopClassUid?: string | undefined;
  requestedSopClassUid?: string | undefined;
  messageId?: number | undefined;
  messageIdRespondedTo?: number | undefined;
  moveDestination?: string | undefined;
  priority?: number | undefined;
  /** True when a data set follows: the element (0000,0800) is 0101 exactly when none does. */
  hasDataSet: boolean;
  status?: number | undefined;
  errorComment?: string | undefined;
  affectedSopInstanceUid?: string | undefined;
  requestedSopInstanceUid?: string | undefined;
  eventTypeId?: number | undefined;
  actionTypeId?: number | undefined;
  remaining?: number | undefined;
  completed?: number | undefined;
  failed?: number | undefined;
  warning?: number | undefined;
  moveOriginatorAeTitle?: string | undefined;
  moveOriginatorMessageId?: number | undefined;
}

type Kind = 'UI' | 'US' | 'AE' | 'LO';
type Key = Exclude<keyof CommandSet, 'hasDataSet'>;

/** Element number in group 0000, value representation, key; in ascending order (PS3.7 table E.1-1). */
const elements: [number, Kind, Key][] = [
  [0x0002, 'UI', 'affectedSopClassUid'],
  [0x0003, 'UI', 'requestedSopClassUid'],
  [0x0100, 'US', 'commandField'],
  [0x0110, 'US', 'messageId'],
  [0x0120, 'US', 'messageIdRespondedTo'],
  [0x0600, 'AE', 'moveDestination'],
  [0x0700, 'US', 'priority'],
  [0x0900, 'US', 'status'],
  [0x0902, 'LO', 'errorComment'],
  [0x1000, 'UI', 'affectedSopInstanceUid'],
  [0x1001, 'UI', 'requestedSopInstanceUid'],
  [0x1002, 'US', 'eventTypeId'],
  [0x1008, 'US', 'actionTypeId'],
  [0x1020, 'US', 'remaining'],
  [0x1021, 'US', 'completed'],
  [0x1022, 'US', 'failed'],
  [0x1023, 'US', 'warning'],
  [0x1030, 'AE', 'moveOriginatorAeTitle'],
  [0x1031, 'US', 'moveOriginatorMessageId'],
];

const dataSetTypeElement = 0x0800;
const noDataSet = 0x0101;

const byElement = new Map(elements.map(([element, kind, key]) => [element, {kind, key}]));

function encodeValue(kind: Kind, value: string | number): Buffer {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(value & 0xffff, 0);
    return bytes;
  }
  const most = kind === 'AE' ? 16 : 64;
  const text = value.slice(0, most);
  const pad = text.length % 2 === 0 ? '' : kind === 'UI' ? '\0' : ' ';
  return Buffer.from(text + pad, 'latin1');
}

function element(number: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(number, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

/** Encodes a command set: Implicit VR Little Endian with its group length (PS3.7 6.3.1). */
export function encodeCommandSet(command: CommandSet): Buffer {
  const parts: {number: number; bytes: Buffer}[] = [
    {
      number: dataSetTypeElement,
      bytes: element(dataSetTypeElement, encodeValue('US', command.hasDataSet ? 1 : noDataSet)),
    },
  ];
  for (const [number, kind, key] of elements) {
    const value = command[key];
    if (value !== undefined) parts.push({number, bytes: element(number, encodeValue(kind, value))});
  }
  const body = Buffer.concat(parts.sort((one, other) => one.number - other.number).map(part => part.bytes));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length, 0);
  return Buffer.concat([element(0, length), body]);
}

/**
 * Decodes a command set. Unknown elements are passed over, also those of groups that have no business here.
 * Throws a protocol {@link DimseError} when it is cut off or has no command field.
 */
export function decodeCommandSet(bytes: Buffer): CommandSet {
  const command: CommandSet = {commandField: -1, hasDataSet: false};
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) throw badCommand('ends within an element');
    const group = bytes.readUInt16LE(at);
    const number = bytes.readUInt16LE(at + 2);
    const end = at + 8 + bytes.readUInt32LE(at + 4);
    if (end > bytes.length) throw badCommand(`is cut off in element (${hex(group)},${hex(number)})`);
    if (group === 0) readElement(command, number, bytes.subarray(at + 8, end));
    at = end;
  }
  if (command.commandField === -1) throw badCommand('has no command field');
  return command;
}

function readElement(command: CommandSet, number: number, value: Buffer): void {
  if (number === dataSetTypeElement) {
    command.hasDataSet = value.length >= 2 && value.readUInt16LE(0) !== noDataSet;
    return;
  }
  const known = byElement.get(number);
  if (!known) return;
  if (known.kind === 'US') {
    if (value.length >= 2) Object.assign(command, {[known.key]: value.readUInt16LE(0)});
  } else {
    Object.assign(command, {[known.key]: value.toString('latin1').replace(/^ +|[\0 ]+$/g, '')});
  }
}

function hex(part: number): string {
  return part.toString(16).padStart(4, '0');
}

function badCommand(what: string): DimseError {
  return new DimseError('protocol', `a command set ${what}`, {source: 2, reason: 6});
}
