import {writeSync} from 'node:fs';
import {readAt} from './byteSource.ts';
import type {DataSet, Element, FileRange, Item} from './dataSet.ts';
import {DicomError} from './dicomError.ts';
import {type Encoding, implicitLittleEndian} from './transferSyntax.ts';
import {ElementWriter, type NewElement} from './write.ts';

/** A stretch of output: bytes, or a stretch of the original file that was not loaded. */
export type Chunk = Buffer | FileRange;

/**
 * Changes to a scanned data set. An element is named by the object the scanner made together with the data set or item
 * that holds it, so that every one of several elements with the same tag can be named, at any depth.
 */
export class Edits {
  /** What becomes of an element: undefined = removed. */
  readonly changed = new Map<Element, NewElement | undefined>();
  readonly inserted = new Map<DataSet, NewElement[]>();
  readonly removedItems = new Set<Item>();
  /** Data sets and items in which, or below which, something changes. */
  readonly touched = new Set<DataSet>();

  /** Leaves an element out. */
  remove(holder: DataSet, element: Element): void {
    this.changed.set(element, undefined);
    this.#touch(holder);
  }

  /** Writes another element in the place of an element; bytes in the byte order of the holder. */
  replace(holder: DataSet, element: Element, replacement: NewElement): void {
    this.changed.set(element, replacement);
    this.#touch(holder);
  }

  /** Adds an element: before the first one with a greater tag. */
  insert(holder: DataSet, element: NewElement): void {
    const list = this.inserted.get(holder);
    if (list === undefined) this.inserted.set(holder, [element]);
    else list.push(element);
    this.#touch(holder);
  }

  /** Leaves an item out of its sequence; the sequence stays, empty at last. */
  removeItem(item: Item): void {
    this.removedItems.add(item);
    this.#touch(item);
  }

  get isEmpty(): boolean {
    return this.touched.size === 0;
  }

  #touch(holder: DataSet): void {
    for (let at: DataSet | undefined = holder; at !== undefined && !this.touched.has(at); at = at.parent)
      this.touched.add(at);
  }
}

export interface ApplyOptions {
  /** Put elements in the order of their tags, at every depth where they are not. Of equal tags the first stays first. */
  readonly sort?: boolean;
}

/**
 * The bytes of a data set with changes. What does not change is taken over byte for byte (copied, or as views of the original
 * bytes and ranges of the file when long); a changed sequence or item keeps its way of ending, lengths are computed anew. The
 * result is in the data set's encoding, not deflated, without preamble and group 0002.
 */
export function applyEdits(dataSet: DataSet, edits: Edits, options: ApplyOptions = {}): Chunk[] {
  const writer = new EditWriter(edits, options.sort === true);
  writer.writeElements(dataSet);
  return writer.chunks();
}

/** From here on a view of unchanged bytes is put out instead of a copy. */
const longRun = 256 * 1024;

class EditWriter {
  readonly #edits: Edits;
  readonly #sort: boolean;
  readonly #unsorted = new Set<DataSet>();
  readonly #out = new ElementWriter();
  readonly #chunks: Chunk[] = [];
  #original: Buffer | undefined;
  /** Sequences around what is being written. */
  #depth = 0;
  /** Unchanged bytes not yet put out: neighbours are joined. */
  #start = 0;
  #end = 0;

  constructor(edits: Edits, sort: boolean) {
    this.#edits = edits;
    this.#sort = sort;
  }

  chunks(): Chunk[] {
    this.#flush();
    this.#takeWritten();
    return this.#chunks;
  }

  writeElements(holder: DataSet): void {
    if (this.#sort && holder.parent === undefined) this.#findUnsorted(holder);
    const isUnsorted = this.#unsorted.has(holder) && !holder.ordered;
    const elements = isUnsorted ? holder.elements.toSorted((a, b) => a.tag - b.tag) : holder.elements;
    const inserted = (this.#edits.inserted.get(holder) ?? []).toSorted((a, b) => a.tag - b.tag);
    let next = 0;
    for (const element of elements) {
      for (let added = inserted[next]; added !== undefined && added.tag < element.tag; added = inserted[next]) {
        this.#add(added, holder);
        next += 1;
      }
      this.#writeElement(holder, element);
    }
    for (const added of inserted.slice(next)) this.#add(added, holder);
    this.#flush();
  }

  /** Notes data sets and items whose elements, or those of an item in them, are out of order. */
  #findUnsorted(holder: DataSet): boolean {
    let found = !holder.ordered;
    for (const element of holder.elements) {
      if (element.items !== undefined) for (const item of element.items) found = this.#findUnsorted(item) || found;
    }
    if (found) this.#unsorted.add(holder);
    return found;
  }

  #isTouched(holder: DataSet): boolean {
    return this.#edits.touched.has(holder) || this.#unsorted.has(holder);
  }

  #writeElement(holder: DataSet, element: Element): void {
    if (this.#edits.changed.has(element)) {
      const replacement = this.#edits.changed.get(element);
      if (replacement !== undefined) this.#add(replacement, holder);
      return;
    }
    if (element.items?.some(item => this.#isTouched(item))) {
      this.#flush();
      this.#writeSequence(holder, element, element.items);
      return;
    }
    this.#copy(holder.bytes, element.start, element.outside === undefined ? element.end : element.valueStart);
    if (element.outside === undefined) return;
    this.#flush();
    this.#takeWritten();
    this.#chunks.push(element.outside);
  }

  #add(element: NewElement, holder: DataSet): void {
    this.#flush();
    this.#out.element(element, holder.encoding);
  }

  /** A sequence with changes inside, in the style it had. */
  #writeSequence({encoding}: DataSet, element: Element, items: readonly Item[]): void {
    // items of an unknown element are implicit little endian inside, delimiters included
    const inner: Encoding = encoding.explicit && element.vr === 'UN' ? implicitLittleEndian : encoding;
    this.#depth += 1;
    this.#out.sequence(element.tag, element.vr, {delimited: element.undefinedLength, encoding, inner}, () => {
      for (const item of items) if (!this.#edits.removedItems.has(item)) this.#writeItem(item, inner);
    });
    this.#depth -= 1;
  }

  #writeItem(item: Item, {littleEndian}: Encoding): void {
    if (this.#isTouched(item)) this.#out.item(item.undefinedLength, littleEndian, () => this.writeElements(item));
    else this.#out.copy(item.bytes, item.start, item.end);
  }

  #copy(original: Buffer, start: number, end: number): void {
    if (this.#original !== original || this.#end !== start) {
      this.#flush();
      this.#original = original;
      this.#start = start;
    }
    this.#end = end;
  }

  #flush(): void {
    if (this.#original === undefined) return;
    // within a sequence the length in front of it counts what the writer holds
    if (this.#depth === 0 && this.#end - this.#start >= longRun) {
      this.#takeWritten();
      this.#chunks.push(this.#original.subarray(this.#start, this.#end));
    } else this.#out.copy(this.#original, this.#start, this.#end);
    this.#original = undefined;
  }

  #takeWritten(): void {
    const written = this.#out.take();
    if (written.length > 0) this.#chunks.push(written);
  }
}

/** Bytes of all chunks together. */
export function chunksLength(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

const copySize = 1024 * 1024;

/**
 * Yields the bytes of chunks in order, stretches of the file in pieces of 1 MiB: however large the pixel data, little is
 * held. The buffer of a piece is used again for the next one.
 * @param sourceFile open file of the FileRange chunks; undefined when there are none
 * @throws DicomError unreadable, truncated when the file became shorter
 */
export function* readChunks(chunks: readonly Chunk[], sourceFile: number | undefined): Generator<Buffer, void, void> {
  let piece: Buffer | undefined;
  for (const chunk of chunks) {
    if (Buffer.isBuffer(chunk)) {
      yield chunk;
      continue;
    }
    piece ??= Buffer.allocUnsafeSlow(copySize);
    for (let done = 0; done < chunk.length; ) {
      const count = readAt(sourceFile, piece, 0, Math.min(copySize, chunk.length - done), chunk.offset + done);
      if (count === 0) throw new DicomError('truncated', 'the file became shorter', {offset: chunk.offset + done});
      yield piece.subarray(0, count);
      done += count;
    }
  }
}

/**
 * Writes chunks to an open file, at its current position.
 * @returns bytes written
 */
export function writeChunks(chunks: readonly Chunk[], sourceFile: number | undefined, targetFile: number): number {
  let written = 0;
  for (const bytes of readChunks(chunks, sourceFile)) {
    for (let at = 0; at < bytes.length; ) at += writeSync(targetFile, bytes, at, bytes.length - at);
    written += bytes.length;
  }
  return written;
}
