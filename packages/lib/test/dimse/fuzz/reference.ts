/** A message as the plainest possible reading of PS3.8 9.3.5 and PS3.7 6.3 gives it. */
export interface PlainMessage {
  /** Elements of group 0000 by element number, as far as they can be read. */
  command: Map<number, Buffer>;
  dataSet: Buffer;
}

/**
 * All complete messages with and without data sets in a stream of PDUs, up to the first thing that makes no sense. It asks for
 * no contexts and keeps no state but the message: whatever an upper layer takes must be among these.
 */
export function plainMessages(stream: Buffer): PlainMessage[] {
  const messages: PlainMessage[] = [];
  let command = Buffer.alloc(0);
  let pending: Map<number, Buffer> | undefined;
  let dataSet: Buffer[] = [];
  for (let at = 0; at + 6 <= stream.length; ) {
    const end = at + 6 + stream.readUInt32BE(at + 2);
    if (stream.readUInt8(at) === 4) {
      for (let value = at + 6; value + 6 <= Math.min(end, stream.length); ) {
        const length = stream.readUInt32BE(value);
        if (length < 2 || value + 4 + length > stream.length) break;
        const flags = stream.readUInt8(value + 5);
        const data = stream.subarray(value + 6, value + 4 + length);
        value += 4 + length;
        if (flags & 1) command = Buffer.concat([command, data]);
        else dataSet.push(data);
        if (flags & 1 && flags & 2) {
          pending = elementsOf(command);
          command = Buffer.alloc(0);
          dataSet = [];
          messages.push({command: pending, dataSet: Buffer.alloc(0)});
        } else if (flags & 2 && pending) {
          messages.push({command: pending, dataSet: Buffer.concat(dataSet)});
          dataSet = [];
          pending = undefined;
        }
      }
    }
    at = end;
  }
  return messages;
}

function elementsOf(command: Buffer): Map<number, Buffer> {
  const elements = new Map<number, Buffer>();
  for (let at = 0; at + 8 <= command.length; ) {
    const end = at + 8 + command.readUInt32LE(at + 4);
    if (command.readUInt16LE(at) === 0) elements.set(command.readUInt16LE(at + 2), command.subarray(at + 8, end));
    at = end;
  }
  return elements;
}
