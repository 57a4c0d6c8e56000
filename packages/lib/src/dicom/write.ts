import {type CharacterSet, defaultCharacterSet} from './charset.ts';
import {DicomError} from './dicomError.ts';
import {undefinedLength} from './elementHeader.ts';
import {encodeText} from './encodeText.ts';
import {implementationClassUid, implementationVersionName} from './implementation.ts';
import {writeNumbers} from './numbers.ts';
import {knownTag, type Tag} from './tag.ts';
import {type Encoding, explicitLittleEndian} from './transferSyntax.ts';
import {type Vr, vrRules} from './vr.ts';

/** An element to be written. The bytes of `value` are in the byte order of the data set they go to; they are padded when written. */
export type NewElement = NewValue | NewSequence;

export interface NewValue {
  readonly tag: Tag;
  readonly vr: Exclude<Vr, 'SQ'>;
  readonly value: Buffer;
}

export interface NewSequence {
  readonly tag: Tag;
  readonly vr: 'SQ';
  /** Elements of each item, in any order. */
  readonly items: readonly (readonly NewElement[])[];
  /** Write the sequence and its items with delimiters instead of lengths. Default false. */
  readonly undefinedLength?: boolean;
}

/**
 * An element of a text VR from one or several values.
 * @throws DicomError bad-value when the character set lacks a character
 */
export function textElement(
  tag: Tag,
  vr: Exclude<Vr, 'SQ'>,
  text: string | readonly string[],
  charset: CharacterSet = defaultCharacterSet,
): NewValue {
  const joined = typeof text === 'string' ? text : text.join('\\');
  const usedSet = vrRules[vr].usesCharacterSet ? charset : defaultCharacterSet;
  const value = encodeText(joined, usedSet, vr === 'PN');
  if (value === undefined)
    throw new DicomError('bad-value', 'the text has characters that the character set lacks', {tag});
  return {tag, vr, value};
}

/** An element of a binary VR from numbers; AT takes tags. */
export function numberElement(
  tag: Tag,
  vr: Exclude<Vr, 'SQ'>,
  numbers: number | bigint | readonly (number | bigint)[],
  littleEndian = true,
): NewValue {
  const list = typeof numbers === 'object' ? numbers : [numbers];
  return {tag, vr, value: writeNumbers(list, vr, littleEndian)};
}

/** An element whose value is ready; bytes in the byte order of the data set it goes to. */
export function bytesElement(tag: Tag, vr: Exclude<Vr, 'SQ'>, value: Buffer): NewValue {
  return {tag, vr, value};
}

/** A sequence; each item is a list of elements. */
export function sequenceElement(tag: Tag, items: readonly (readonly NewElement[])[]): NewSequence {
  return {tag, vr: 'SQ', items};
}

const maxShortLength = 0xffff;
const firstCapacity = 8 * 1024;

/** How a sequence is written. */
export interface SequenceStyle {
  /** It ends with a delimiter instead of having a length. */
  readonly delimited: boolean;
  readonly encoding: Encoding;
  /** Of its items: another one in a value of VR UN (PS3.5 6.2.2). */
  readonly inner: Encoding;
}

/** Writes elements behind each other into one growing buffer: a header or a short value costs no buffer of its own. */
export class ElementWriter {
  #bytes: Buffer;
  #at = 0;
  #taken = 0;

  /** @param capacity bytes expected; it grows when there are more */
  constructor(capacity = firstCapacity) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** What was written since the last call. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(this.#taken, this.#at);
    this.#taken = this.#at;
    return bytes;
  }

  /** Bytes as they are. */
  copy(from: Buffer, start = 0, end = from.length): void {
    this.#reserve(end - start);
    from.copy(this.#bytes, this.#at, start, end);
    this.#at += end - start;
  }

  /** One element: header, value and padding (PS3.5 6.2), sequences with all that is in them. */
  element(element: NewElement, encoding: Encoding): void {
    if (element.vr === 'SQ') {
      this.#sequence(element, encoding);
      return;
    }
    const {value, vr} = element;
    const isOdd = value.length % 2 === 1;
    this.header(element.tag, vr, value.length + (isOdd ? 1 : 0), encoding);
    this.copy(value);
    if (isOdd) this.#byte(vrRules[vr].padding);
  }

  /** Elements sorted by tag. */
  elements(elements: readonly NewElement[], encoding: Encoding): void {
    for (const element of elements.toSorted((a, b) => a.tag - b.tag)) this.element(element, encoding);
  }

  /**
   * Tag, VR and length of an element (PS3.5 7.1). A value too long for the 16 bits of its VR is written as UN, as PS3.5 6.2.2
   * note 5 has it.
   * @param length bytes of the value, or undefinedLength
   */
  header(tag: Tag, vr: Vr, length: number, {explicit, littleEndian}: Encoding): void {
    this.#reserve(12);
    this.#tag(tag, littleEndian);
    if (!explicit) {
      this.#uint32(length, littleEndian);
      return;
    }
    const written = !vrRules[vr].longLength && length > maxShortLength ? 'UN' : vr;
    this.#byte(written.charCodeAt(0));
    this.#byte(written.charCodeAt(1));
    if (vrRules[written].longLength) {
      this.#uint16(0, littleEndian);
      this.#uint32(length, littleEndian);
    } else this.#uint16(length, littleEndian);
  }

  /** Header of an item, or a delimiter (PS3.5 7.5). */
  itemHeader(tag: Tag, length: number, littleEndian: boolean): void {
    this.#reserve(8);
    this.#tag(tag, littleEndian);
    this.#uint32(length, littleEndian);
  }

  /** A sequence around the items that `content` writes. */
  sequence(tag: Tag, vr: Vr, {delimited, encoding, inner}: SequenceStyle, content: () => void): void {
    this.header(tag, vr, undefinedLength, encoding);
    const start = this.#at;
    content();
    if (delimited) this.itemHeader(knownTag.sequenceDelimiter, 0, inner.littleEndian);
    else this.#setLength(start, encoding.littleEndian);
  }

  /** An item around the elements that `content` writes. */
  item(delimited: boolean, littleEndian: boolean, content: () => void): void {
    this.itemHeader(knownTag.item, undefinedLength, littleEndian);
    const start = this.#at;
    content();
    if (delimited) this.itemHeader(knownTag.itemDelimiter, 0, littleEndian);
    else this.#setLength(start, littleEndian);
  }

  #sequence({tag, items, undefinedLength: delimited = false}: NewSequence, encoding: Encoding): void {
    this.sequence(tag, 'SQ', {delimited, encoding, inner: encoding}, () => {
      for (const elements of items)
        this.item(delimited, encoding.littleEndian, () => this.elements(elements, encoding));
    });
  }

  /** Puts the length of what follows `start` right before it. */
  #setLength(start: number, littleEndian: boolean): void {
    if (littleEndian) this.#bytes.writeUInt32LE(this.#at - start, start - 4);
    else this.#bytes.writeUInt32BE(this.#at - start, start - 4);
  }

  #tag(tag: Tag, littleEndian: boolean): void {
    this.#uint16(tag >>> 16, littleEndian);
    this.#uint16(tag & 0xffff, littleEndian);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  #uint16(value: number, littleEndian: boolean): void {
    this.#at = littleEndian ? this.#bytes.writeUInt16LE(value, this.#at) : this.#bytes.writeUInt16BE(value, this.#at);
  }

  #uint32(value: number, littleEndian: boolean): void {
    this.#at = littleEndian ? this.#bytes.writeUInt32LE(value, this.#at) : this.#bytes.writeUInt32BE(value, this.#at);
  }

  #reserve(count: number): void {
    const needed = this.#at + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

/** {@link ElementWriter.header} alone. */
export function encodeElementHeader(tag: Tag, vr: Vr, length: number, encoding: Encoding): Buffer {
  const writer = new ElementWriter(12);
  writer.header(tag, vr, length, encoding);
  return writer.take();
}

/** {@link ElementWriter.itemHeader} alone. */
export function encodeItemHeader(tag: Tag, length: number, littleEndian: boolean): Buffer {
  const writer = new ElementWriter(8);
  writer.itemHeader(tag, length, littleEndian);
  return writer.take();
}

/** One element, header, value and padding, sequences with all that is in them. */
export function encodeElement(element: NewElement, encoding: Encoding): Buffer {
  const writer = new ElementWriter(64);
  writer.element(element, encoding);
  return writer.take();
}

/** A data set, or what is in an item: elements sorted by tag, sequences with lengths. */
export function encodeDataSet(elements: readonly NewElement[], encoding: Encoding): Buffer {
  const writer = new ElementWriter();
  writer.elements(elements, encoding);
  return writer.take();
}

/** What a Part 10 file says about itself. */
export interface FileMeta {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** AE title of who sent the instance to us (0002,0016). */
  readonly sourceAe?: string;
}

/**
 * What stands before the data set in a file (PS3.10 7.1): 128 zero bytes, `DICM`, group 0002 with our implementation's
 * UID and name.
 */
export function part10Header(meta: FileMeta): Buffer {
  const elements: NewElement[] = [
    bytesElement(0x00020001, 'OB', Buffer.from([0, 1])),
    textElement(knownTag.mediaStorageSopClassUid, 'UI', meta.sopClassUid),
    textElement(knownTag.mediaStorageSopInstanceUid, 'UI', meta.sopInstanceUid),
    textElement(knownTag.transferSyntaxUid, 'UI', meta.transferSyntaxUid),
    textElement(0x00020012, 'UI', implementationClassUid),
    textElement(0x00020013, 'SH', implementationVersionName),
  ];
  if (meta.sourceAe !== undefined) elements.push(textElement(0x00020016, 'AE', meta.sourceAe));
  const group = encodeDataSet(elements, explicitLittleEndian);
  const writer = new ElementWriter(512);
  writer.copy(preamble);
  writer.element(numberElement(knownTag.fileMetaGroupLength, 'UL', group.length), explicitLittleEndian);
  writer.copy(group);
  return writer.take();
}

const preamble = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM', 'latin1')]);
