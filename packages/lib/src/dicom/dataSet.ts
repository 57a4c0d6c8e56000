import type {CharacterSet} from './charset.ts';
import type {Tag} from './tag.ts';
import type {Encoding} from './transferSyntax.ts';
import type {Vr} from './vr.ts';

/** Bytes of the file that were not loaded. */
export interface FileRange {
  /** Byte of the file. */
  readonly offset: number;
  readonly length: number;
}

/** One fragment of encapsulated data: where its bytes are, without the item header (PS3.5 A.4). */
export interface Fragment {
  /** Byte of the file when the element is {@link Element.outside}, else of the data set's `bytes`. */
  readonly offset: number;
  readonly length: number;
}

/** A data element as found: positions are bytes of the data set's `bytes`. Nothing is decoded. */
export interface Element {
  readonly tag: Tag;
  /** As the file says; from the dictionary in implicit VR; `UN` when neither knows. */
  readonly vr: Vr;
  /** First byte of the tag. */
  readonly start: number;
  readonly valueStart: number;
  /** Behind the last byte of the value; a delimiter is not part of it. */
  readonly valueEnd: number;
  /** Behind the last byte of the element, a delimiter included. */
  readonly end: number;
  readonly undefinedLength: boolean;
  /** SQ, and UN of undefined length (read as implicit little endian, PS3.5 6.2.2). */
  readonly items: readonly Item[] | undefined;
  /** Encapsulated data: fragments in order, the first is the basic offset table. */
  readonly fragments: readonly Fragment[] | undefined;
  /** The value (and its delimiter) was left in the file; then valueStart = valueEnd = end. */
  readonly outside: FileRange | undefined;
}

/** Elements in the order of the file: a whole data set, or one item of a sequence. */
export interface DataSet {
  /** What all positions refer to. */
  readonly bytes: Buffer;
  readonly encoding: Encoding;
  readonly elements: readonly Element[];
  /** Begin and end of the elements in `bytes`, without item header and delimiter. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The data set or item that holds this one. */
  readonly parent: DataSet | undefined;
  /** False when a tag is not greater than the one before it (out of order, or twice). */
  readonly ordered: boolean;
  /** Filled by `characterSetOf`: what (0008,0005) says here or in the nearest parent. */
  characterSet: CharacterSet | undefined;
}

/** One item of a sequence. */
export interface Item extends DataSet {
  /** First byte of the item tag. */
  readonly start: number;
  /** Behind the item delimiter, or behind the last value. */
  readonly end: number;
  readonly undefinedLength: boolean;
}

/** First element with this tag, or undefined. */
export function findElement(dataSet: DataSet, tag: Tag): Element | undefined {
  for (const element of dataSet.elements) if (element.tag === tag) return element;
  return undefined;
}

/** Every element with this tag: a bad file may hold it twice. */
export function findElements(dataSet: DataSet, tag: Tag): Element[] {
  return dataSet.elements.filter(element => element.tag === tag);
}

/** Items of the first element with this tag; none when it is absent or no sequence. */
export function itemsOf(dataSet: DataSet, tag: Tag): readonly Item[] {
  return findElement(dataSet, tag)?.items ?? [];
}

/** The bytes of a value as stored, padding included: a view, not a copy. Empty when the value is outside. */
export function valueBytes(dataSet: DataSet, element: Element): Buffer {
  return dataSet.bytes.subarray(element.valueStart, element.valueEnd);
}

/** Calls `visit` for every element at every depth, in file order, with the data set or item that holds it. */
export function walkElements(
  dataSet: DataSet,
  visit: (element: Element, holder: DataSet, depth: number) => void,
  depth = 0,
): void {
  for (const element of dataSet.elements) {
    visit(element, dataSet, depth);
    if (element.items !== undefined) for (const item of element.items) walkElements(item, visit, depth + 1);
  }
}
