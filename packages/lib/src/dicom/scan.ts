import {ByteSource} from './byteSource.ts';
import type {DataSet, Element, Item} from './dataSet.ts';
import {DicomError} from './dicomError.ts';
import type {ReadLimits} from './instance.ts';
import {type ScanLimits, Scanner} from './scanner.ts';
import {knownTag} from './tag.ts';
import {type Encoding, explicitLittleEndian, implicitLittleEndian} from './transferSyntax.ts';

/** The limits with their defaults. */
export function scanLimits(limits: ReadLimits): ScanLimits {
  return {
    maxDepth: limits.maxDepth ?? 64,
    maxElements: limits.maxElements ?? 6_000_000,
    maxElementBytes: limits.maxElementBytes ?? 16 * 1024 * 1024,
  };
}

/**
 * Scans a bare data set, as it comes over the network: no preamble, no group 0002, nothing behind it.
 * @throws DicomError when the bytes are not exactly a data set in this encoding
 */
export function scanDataSet(bytes: Buffer, encoding: Encoding, limits: ReadLimits = {}): DataSet {
  const scanner = new Scanner(ByteSource.ofBytes(bytes), scanLimits(limits));
  const root = scanner.begin(0, encoding);
  let position = 0;
  while (position < bytes.length) position = scanner.scanElement(root, position, bytes.length, 0);
  root.valueEnd = position;
  return root;
}

function depthOf(dataSet: DataSet): number {
  let depth = 1;
  for (let holder = dataSet.parent; holder !== undefined; holder = holder.parent) depth += 1;
  return depth;
}

function startsWithItem(dataSet: DataSet, element: Element): boolean {
  if (element.valueEnd - element.valueStart < 8) return false;
  const first = dataSet.bytes.readUInt32LE(element.valueStart);
  return first === 0xe000fffe || dataSet.bytes.readUInt32BE(element.valueStart) === knownTag.item;
}

/**
 * The items of a value of defined length that holds a sequence although its VR does not say so (UN, OB, a private
 * element in implicit VR): tried as implicit little endian (PS3.5 6.2.2), then in the encoding of its holder.
 * @returns undefined when the value is not a sequence of items from its first byte to its last
 */
export function trySequence(holder: DataSet, element: Element, limits: ReadLimits = {}): readonly Item[] | undefined {
  if (element.items !== undefined) return element.items;
  if (element.outside !== undefined || !startsWithItem(holder, element)) return undefined;
  for (const encoding of [implicitLittleEndian, holder.encoding, explicitLittleEndian]) {
    const scanner = new Scanner(ByteSource.ofBytes(holder.bytes, element.valueEnd), scanLimits(limits));
    try {
      const {valueStart, valueEnd} = element;
      const {items} = scanner.scanItems(holder, element.tag, valueStart, valueEnd, valueEnd, encoding, depthOf(holder));
      return items;
    } catch (error) {
      if (!(error instanceof DicomError)) throw error;
    }
  }
  return undefined;
}
