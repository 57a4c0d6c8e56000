import type {ByteSource} from './byteSource.ts';
import type {DataSet, Element, FileRange, Fragment, Item} from './dataSet.ts';
import {DicomError, type DicomReason} from './dicomError.ts';
import {type ElementHeader, encodingAt, readElementHeader, readTag, uint32, undefinedLength} from './elementHeader.ts';
import {scanFileFragments, scanFragments} from './fragments.ts';
import {groupOf, isPixelData, knownTag, type Tag} from './tag.ts';
import {type Encoding, implicitLittleEndian} from './transferSyntax.ts';

/** Limits of one scan; see ReadLimits. */
export interface ScanLimits {
  readonly maxDepth: number;
  readonly maxElements: number;
  /** Values at the root longer than this are left in the file. */
  readonly maxElementBytes: number;
}

/** While it is scanned a data set grows; outside this file it is read-only. */
type Growing<T extends DataSet> = {-readonly [key in keyof T]: T[key]} & {elements: Element[]};

interface Value {
  valueEnd: number;
  end: number;
  items: Item[] | undefined;
  fragments: Fragment[] | undefined;
  outside: FileRange | undefined;
}

/**
 * Finds the elements of a data set without decoding a value. Positions are those of the source. Strict about
 * lengths: what does not fit into what holds it is a DicomError, never a guess.
 */
export class Scanner {
  readonly source: ByteSource;
  readonly #limits: ScanLimits;
  readonly #header: ElementHeader = {tag: 0, vr: 'UN', length: 0, valueStart: 0};
  /** Every data set and item made, to give them the final bytes. */
  readonly #holders: Growing<DataSet>[] = [];
  #count = 0;

  constructor(source: ByteSource, limits: ScanLimits) {
    this.source = source;
    this.#limits = limits;
  }

  /** Starts a root data set at a position. */
  begin(position: number, encoding: Encoding): Growing<DataSet> {
    const root: Growing<DataSet> = {
      bytes: this.source.bytes,
      encoding,
      elements: [],
      valueStart: position,
      valueEnd: position,
      parent: undefined,
      ordered: true,
      characterSet: undefined,
    };
    this.#holders.push(root);
    return root;
  }

  /** Gives all that was found the bytes it refers to: to be called once, at the end. */
  finish(): void {
    const bytes = this.source.bytes.subarray(0, this.source.loaded);
    for (const holder of this.#holders) holder.bytes = bytes;
  }

  /** Tag at a position, or undefined when fewer than 8 bytes are left. */
  peekTag(position: number, encoding: Encoding): Tag | undefined {
    return this.source.ensure(position, 8) ? readTag(this.source.bytes, position, encoding.littleEndian) : undefined;
  }

  /** Header of the element at a position; valid until the next call. */
  peekHeader(position: number, encoding: Encoding): Readonly<ElementHeader> {
    if (!this.source.ensure(position, 8))
      throw this.#error('truncated', 'ends within an element header', undefined, position);
    readElementHeader(this.source, position, encoding, this.#header);
    return this.#header;
  }

  /**
   * Scans the element at a position into its holder.
   * @param limit position behind the last byte that may belong to it
   * @param depth how many sequences hold it
   * @returns position behind the element
   */
  scanElement(holder: Growing<DataSet>, position: number, limit: number, depth: number): number {
    this.#countUp(position);
    const {tag, vr, length, valueStart} = this.#headerWithin(holder, position, limit);
    const isUndefined = length === undefinedLength;
    const {elements} = holder;
    const last = elements[elements.length - 1];
    if (last !== undefined && last.tag >= tag) holder.ordered = false;
    if (isUndefined || vr === 'SQ' || (depth === 0 && this.#isLeftInFile(tag, length))) {
      const value = isUndefined
        ? this.#undefinedValue(holder, position, limit, depth)
        : this.#definedValue(holder, position, limit, depth);
      elements.push({tag, vr, start: position, valueStart, undefinedLength: isUndefined, ...value});
      return value.end;
    }
    const end = valueStart + length;
    if (end > limit || !this.source.ensure(valueStart, length)) throw this.#overrun(tag, position, end);
    elements.push({
      tag,
      vr,
      start: position,
      valueStart,
      undefinedLength: false,
      valueEnd: end,
      end,
      items: undefined,
      fragments: undefined,
      outside: undefined,
    });
    return end;
  }

  #headerWithin(holder: DataSet, position: number, limit: number): ElementHeader {
    const {source} = this;
    if (position + 8 > limit || !source.ensure(position, 8)) throw this.#overrun(undefined, position, position + 8);
    readElementHeader(source, position, holder.encoding, this.#header);
    const header = this.#header;
    if (header.valueStart > limit) throw this.#overrun(header.tag, position, header.valueStart);
    const isGroupLength = header.tag === 0 && header.length === 4;
    if (groupOf(header.tag) === 0xfffe || (header.tag === 0 && !isGroupLength)) {
      throw this.#error('bad-structure', 'no element may stand here', header.tag, position);
    }
    return header;
  }

  #definedValue(holder: DataSet, position: number, limit: number, depth: number): Value {
    const {tag, vr, length, valueStart} = this.#header;
    const valueEnd = valueStart + length;
    if (valueEnd > limit) throw this.#overrun(tag, position, valueEnd);
    if (vr === 'SQ') {
      const {items} = this.scanItems(holder, tag, valueStart, valueEnd, valueEnd, holder.encoding, depth + 1);
      return {valueEnd, end: valueEnd, items, fragments: undefined, outside: undefined};
    }
    return this.#leaveInFile(valueStart, length, undefined);
  }

  #isLeftInFile(tag: Tag, length: number): boolean {
    return this.source.file !== undefined && (isPixelData(tag) || length > this.#limits.maxElementBytes);
  }

  #leaveInFile(valueStart: number, length: number, fragments: Fragment[] | undefined): Value {
    const offset = this.source.fileOffset(valueStart);
    this.source.skip(valueStart, length);
    return {valueEnd: valueStart, end: valueStart, items: undefined, fragments, outside: {offset, length}};
  }

  #undefinedValue(holder: DataSet, position: number, limit: number, depth: number): Value {
    const {tag, vr, valueStart} = this.#header;
    const {explicit, littleEndian} = holder.encoding;
    if (isPixelData(tag) || vr === 'OB' || vr === 'OW')
      return this.#fragments(tag, valueStart, limit, depth, littleEndian);
    if (explicit && vr !== 'SQ' && vr !== 'UN')
      throw this.#error('bad-length', `undefined length in a ${vr}`, tag, position);
    // UN of undefined length is implicit little endian inside, whatever is outside (PS3.5 6.2.2 note 4)
    const encoding = explicit && vr === 'UN' ? implicitLittleEndian : holder.encoding;
    const {items, valueEnd, end} = this.scanItems(holder, tag, valueStart, -1, limit, encoding, depth + 1);
    return {valueEnd, end, items, fragments: undefined, outside: undefined};
  }

  #fragments(tag: Tag, valueStart: number, limit: number, depth: number, littleEndian: boolean): Value {
    const {source} = this;
    const count = () => this.#countUp(valueStart);
    if (depth === 0 && source.file !== undefined && isPixelData(tag)) {
      const start = source.fileOffset(valueStart);
      const fileEnd = source.fileOffset(source.end);
      const found = scanFileFragments(source.file, start, fileEnd, tag, littleEndian, count);
      return this.#leaveInFile(valueStart, found.end - start, found.fragments);
    }
    const found = scanFragments(source, valueStart, limit, tag, littleEndian, count);
    return {valueEnd: found.valueEnd, end: found.end, items: undefined, fragments: found.fragments, outside: undefined};
  }

  /**
   * Scans the items of a sequence (PS3.5 7.5).
   * @param end position behind the value, or -1 when a sequence delimiter ends it
   * @param depth of the items, 1 for a sequence at the root
   */
  scanItems(
    holder: DataSet,
    tag: Tag,
    start: number,
    end: number,
    limit: number,
    encoding: Encoding,
    depth: number,
  ): {items: Item[]; valueEnd: number; end: number} {
    if (depth > this.#limits.maxDepth)
      throw this.#error('too-deep', `more than ${this.#limits.maxDepth} sequences in each other`, tag, start);
    const items: Item[] = [];
    for (let position = start; ; ) {
      if (position === end) return {items, valueEnd: end, end};
      if (position + 8 > limit || !this.source.ensure(position, 8)) throw this.#overrun(tag, position, position + 8);
      const {bytes} = this.source;
      const found = readTag(bytes, position, encoding.littleEndian);
      const length = uint32(bytes, position + 4, encoding.littleEndian);
      if (found === knownTag.sequenceDelimiter) {
        if (length !== 0) throw this.#error('bad-length', 'sequence delimiter with a length', tag, position);
        if (end === -1) return {items, valueEnd: position, end: position + 8};
        // some writers close sequences of defined length as well
        if (position + 8 === end) return {items, valueEnd: end, end};
      }
      if (found !== knownTag.item)
        throw this.#error('bad-structure', 'neither item nor delimiter in a sequence', tag, position);
      const item = this.#scanItem(holder, tag, position, length, limit, encoding, depth);
      items.push(item);
      position = item.end;
    }
  }

  #scanItem(
    holder: DataSet,
    tag: Tag,
    start: number,
    length: number,
    limit: number,
    encoding: Encoding,
    depth: number,
  ): Item {
    this.#countUp(start);
    const valueStart = start + 8;
    const isUndefined = length === undefinedLength;
    const end = isUndefined ? -1 : valueStart + length;
    if (end > limit) throw this.#overrun(tag, start, end);
    const bound = isUndefined ? limit : end;
    const item: Growing<Item> = {
      bytes: this.source.bytes,
      encoding: encodingAt(this.source, valueStart, encoding, bound),
      elements: [],
      valueStart,
      valueEnd: end,
      parent: holder,
      ordered: true,
      characterSet: undefined,
      start,
      end,
      undefinedLength: isUndefined,
    };
    this.#holders.push(item);
    let position = valueStart;
    while (position !== end) {
      if (this.#isItemDelimiter(item, tag, position, bound)) {
        item.valueEnd = position;
        item.end = position + 8;
        // a delimiter behind an item of defined length does no harm when the lengths agree
        if (isUndefined || item.end === end) break;
        throw this.#error('bad-structure', 'item delimiter within an item', tag, position);
      }
      position = this.scanElement(item, position, bound, depth);
    }
    // a list grown by push keeps room for 17 elements; there may be a million items
    item.elements = item.elements.slice();
    return item;
  }

  #isItemDelimiter(item: DataSet, tag: Tag, position: number, limit: number): boolean {
    if (position + 8 > limit || !this.source.ensure(position, 8)) throw this.#overrun(tag, position, position + 8);
    const {bytes} = this.source;
    const {littleEndian} = item.encoding;
    if (readTag(bytes, position, littleEndian) !== knownTag.itemDelimiter) return false;
    if (uint32(bytes, position + 4, littleEndian) !== 0)
      throw this.#error('bad-length', 'item delimiter with a length', tag, position);
    return true;
  }

  #countUp(position: number): void {
    this.#count += 1;
    if (this.#count > this.#limits.maxElements) {
      throw this.#error(
        'too-many-elements',
        `more than ${this.#limits.maxElements} elements and items`,
        undefined,
        position,
      );
    }
  }

  #overrun(tag: Tag | undefined, position: number, needed: number): DicomError {
    return needed > this.source.end
      ? this.#error('truncated', 'the input ends within an element', tag, position)
      : this.#error('bad-length', 'longer than what holds it', tag, position);
  }

  #error(reason: DicomReason, detail: string, tag: Tag | undefined, position: number): DicomError {
    return new DicomError(reason, detail, {tag, offset: this.source.fileOffset(position)});
  }
}
