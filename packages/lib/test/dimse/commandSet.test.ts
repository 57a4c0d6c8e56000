import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type CommandSet, commandField, decodeCommandSet, encodeCommandSet} from '../../src/dimse/commandSet.ts';
import {DimseError} from '../../src/dimse/dimseError.ts';
import {classifyStoreStatus} from '../../src/dimse/status.ts';
import {serviceOf} from '../../src/dimse/uids.ts';

const storeRequest: CommandSet = {
  commandField: commandField.storeRequest,
  affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  messageId: 7,
  priority: 0,
  hasDataSet: true,
  affectedSopInstanceUid: '1.2.3',
  moveOriginatorAeTitle: 'PACS',
  moveOriginatorMessageId: 3,
};

describe('command sets', () => {
  it('are read back as they were written', () => {
    expect(decodeCommandSet(encodeCommandSet(storeRequest))).toEqual(storeRequest);
  });

  it('have their group length and ascending elements, all of even length', () => {
    const bytes = encodeCommandSet(storeRequest);
    expect(bytes.readUInt32LE(8)).toBe(bytes.length - 12);
    let last = -1;
    for (let at = 0; at < bytes.length; at += 8 + bytes.readUInt32LE(at + 4)) {
      expect(bytes.readUInt16LE(at + 2)).toBeGreaterThan(last);
      expect(bytes.readUInt32LE(at + 4) % 2).toBe(0);
      last = bytes.readUInt16LE(at + 2);
    }
  });

  it('say by (0000,0800) other than 0101 that a data set follows', () => {
    const bytes = encodeCommandSet({commandField: 1, hasDataSet: true});
    const at = bytes.indexOf(Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]));
    for (const [type, expected] of [
      [0x0101, false],
      [0x0000, true],
      [0x0102, true],
    ] as const) {
      bytes.writeUInt16LE(type, at + 8);
      expect(decodeCommandSet(bytes).hasDataSet).toBe(expected);
    }
  });

  it('that are garbage or cut off give a typed error or a command, never anything else', () => {
    const whole = encodeCommandSet(storeRequest);
    const mutated = fc
      .tuple(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {maxLength: 5}), fc.nat(whole.length))
      .map(([edits, length]) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of edits) bytes[at] = value;
        return bytes.subarray(0, length);
      });
    fc.assert(
      fc.property(
        fc.oneof(
          mutated,
          fc.uint8Array({maxLength: 200}).map(bytes => Buffer.from(bytes)),
        ),
        bytes => {
          try {
            decodeCommandSet(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(DimseError);
          }
        },
      ),
      {numRuns: 500},
    );
  });
});

describe('statuses of C-STORE', () => {
  it.each([
    [0x0000, 'stored'],
    [0xb000, 'stored'],
    [0xb007, 'stored'],
    [0x0111, 'stored'],
    [0xa700, 'temporary'],
    [0xa7ff, 'temporary'],
    [0x0110, 'temporary'],
    [0xa900, 'final'],
    [0xc000, 'final'],
    [0x0122, 'final'],
    [0x0124, 'final'],
    [0x0001, 'final'],
  ] as const)('%i counts as %s', (status, outcome) => {
    expect(classifyStoreStatus(status)).toBe(outcome);
  });
});

describe('abstract syntaxes', () => {
  it.each([
    ['1.2.840.10008.1.1', 'verification'],
    ['1.2.840.10008.5.1.4.1.1.2', 'storage'],
    ['1.2.840.10008.5.1.4.1.1.88.67', 'storage'],
    ['1.2.840.10008.5.1.4.34.7', 'storage'],
    ['1.3.12.2.1107.5.9.1', 'storage'],
    ['1.2.840.10008.5.1.4.1.2.2.1', 'find'],
    ['1.2.840.10008.5.1.4.1.2.2.2', 'move'],
    ['1.2.840.10008.5.1.4.31', 'other'],
    ['1.2.840.10008.1.20.1', 'commitment'],
    ['1.2.840.10008.5.1.4.34.6.1', 'other'],
    ['', 'other'],
  ] as const)('%s is for %s', (uid, service) => {
    expect(serviceOf(uid)).toBe(service);
  });
});
