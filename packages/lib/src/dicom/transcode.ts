import {readAt} from './byteSource.ts';
import {type DataSet, type Element, type FileRange, type Item, valueBytes} from './dataSet.ts';
import {DicomError} from './dicomError.ts';
import {lookup} from './dictionary.ts';
import {
  type FragmentSource,
  type FrameShape,
  fragmentsOfFrames,
  frameLength,
  frameShapeOf,
  readFrame,
} from './frames.ts';
import {decoderOf, type FrameDecoder} from './pixelCodecs.ts';
import {readOpenInstance} from './read.ts';
import {elementOf, isPixelData, knownTag} from './tag.ts';
import {
  type Encoding,
  explicitLittleEndian,
  implicitLittleEndian,
  type TransferSyntax,
  transferSyntaxOf,
  transferSyntaxUid,
} from './transferSyntax.ts';
import {numbers, vrOf} from './values.ts';
import {type Vr, vrRules} from './vr.ts';
import {ElementWriter} from './write.ts';

/** The transfer syntaxes that are converted to, the better one first: the VRs of private elements survive in it. */
export const plainTransferSyntaxes: readonly string[] = [
  transferSyntaxUid.explicitLittleEndian,
  transferSyntaxUid.implicitLittleEndian,
];

/**
 * Whether what is in this transfer syntax can be written in Explicit and Implicit VR Little Endian without loss: other
 * encodings of plain data sets, and compressions we can decode exactly. A single instance may still turn out not to be.
 */
export function canTranscode(from: string): boolean {
  const {explicitBigEndian, deflated} = transferSyntaxUid;
  return (
    plainTransferSyntaxes.includes(from) ||
    from === explicitBigEndian ||
    from === deflated ||
    decoderOf(from) !== undefined
  );
}

/** A data set in another transfer syntax. The pieces together are `length` bytes; the buffer of a piece may be used again. */
export interface Transcoded {
  readonly length: number;
  pieces(): Generator<Buffer, void, void>;
}

/**
 * Converts the data set of an open file to Explicit or Implicit VR Little Endian. Every value stays what it is, UIDs
 * included; group lengths (retired) and offset tables are left out, since they would be wrong. Pixel data are converted
 * piece by piece while they are read: keep the file open meanwhile.
 * @param to one of {@link plainTransferSyntaxes}
 * @throws DicomError `unsupported` when it cannot be done without loss; others for a file that is damaged, also from `pieces`
 */
export function transcode(file: number, to: string): Transcoded {
  const {dataSet, transferSyntax, damage} = readOpenInstance(file);
  if (damage) throw damage;
  if (!canTranscode(transferSyntax.uid) || !plainTransferSyntaxes.includes(to))
    throw new DicomError('unsupported', `${transferSyntax.name} cannot be converted to ${transferSyntaxOf(to).name}`);
  const transcoder = new Transcoder(file, transferSyntax, to);
  transcoder.writeRoot(dataSet);
  return transcoder.result();
}

/** What is put out later: bytes of the file whose values are turned round, or frames to be decoded. */
type Piece = Buffer | (FileRange & {unit: number}) | {source: FragmentSource; shape: FrameShape; length: number};

const isOffsetTable = (element: Element): boolean => element.tag === 0x7fe00001 || element.tag === 0x7fe00002;

class Transcoder {
  readonly #file: number;
  readonly #from: TransferSyntax;
  readonly #to: Encoding;
  readonly #decode: FrameDecoder | undefined;
  readonly #writer = new ElementWriter();
  readonly #pieces: Piece[] = [];

  constructor(file: number, from: TransferSyntax, to: string) {
    this.#file = file;
    this.#from = from;
    this.#to = to === transferSyntaxUid.implicitLittleEndian ? implicitLittleEndian : explicitLittleEndian;
    this.#decode = decoderOf(from.uid);
  }

  result(): Transcoded {
    this.#flush();
    const pieces = this.#pieces;
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    return {length, pieces: () => this.#read(pieces)};
  }

  writeRoot(dataSet: DataSet): void {
    // inflated and otherwise as it was
    if (this.#from.deflated && this.#to.explicit) {
      this.#pieces.push(dataSet.bytes.subarray(dataSet.valueStart, dataSet.valueEnd));
      return;
    }
    this.#writeElements(dataSet, this.#to);
  }

  #writeElements(holder: DataSet, to: Encoding): void {
    for (const element of holder.elements) {
      const isStale = elementOf(element.tag) === 0 || (this.#decode && isOffsetTable(element));
      if (!isStale) this.#writeElement(holder, element, to);
    }
  }

  #writeElement(holder: DataSet, element: Element, to: Encoding): void {
    if (element.items !== undefined) {
      this.#writeSequence(holder, element, element.items, to);
    } else if (element.fragments !== undefined) {
      this.#writeFrames(holder, element, to);
    } else {
      if (isPixelData(element.tag)) refuseWideWords(holder, element);
      this.#writeValue(holder, element, to);
    }
  }

  /** Only what a UN holds in explicit VR stays UN; in implicit VR nothing but a sequence has items (PS3.5 6.2.2). */
  #writeSequence(holder: DataSet, element: Element, items: readonly Item[], to: Encoding): void {
    const staysUnknown = element.vr === 'UN' && holder.encoding.explicit && to.explicit;
    const inner = staysUnknown ? implicitLittleEndian : to;
    const delimited = element.undefinedLength;
    this.#writer.sequence(element.tag, staysUnknown ? 'UN' : 'SQ', {delimited, encoding: to, inner}, () => {
      for (const item of items) this.#writer.item(item.undefinedLength, true, () => this.#writeElements(item, inner));
    });
  }

  #writeValue(holder: DataSet, element: Element, to: Encoding): void {
    const {outside} = element;
    const length = outside?.length ?? element.valueEnd - element.valueStart;
    const vr = writtenVr(holder, element, length);
    const unit = holder.encoding.littleEndian ? 1 : vrRules[element.vr].unit;
    const isOdd = length % 2 === 1;
    this.#writer.header(element.tag, vr, length + (isOdd ? 1 : 0), to);
    if (outside !== undefined) {
      this.#flush();
      this.#pieces.push({...outside, unit});
    } else {
      const value = valueBytes(holder, element);
      this.#writer.copy(unit === 1 ? value : turned(Buffer.from(value), unit));
    }
    if (isOdd) this.#writer.copy(Buffer.from([vrRules[vr].padding]));
  }

  #writeFrames(holder: DataSet, element: Element, to: Encoding): void {
    if (!this.#decode) throw new DicomError('unsupported', 'fragments in a plain transfer syntax', {tag: element.tag});
    const shape = frameShapeOf(holder);
    const length = frameLength(shape) * shape.frames;
    const piece = {source: {dataSet: holder, element, file: this.#file}, shape, length};
    const vr = shape.bytesPerSample === 1 ? 'OB' : 'OW';
    if (length >= 0xffff_fffe) throw new DicomError('unsupported', `${length} bytes of pixels`, {tag: element.tag});
    this.#writer.header(element.tag, vr, length + (length % 2), to);
    if (holder.parent === undefined) {
      fragmentsOfFrames(piece.source, shape.frames);
      this.#flush();
      this.#pieces.push(piece);
    } else {
      for (const frame of this.#frames(piece)) this.#writer.copy(frame);
    }
    if (length % 2 === 1) this.#writer.copy(Buffer.alloc(1));
  }

  #flush(): void {
    const bytes = this.#writer.take();
    if (bytes.length > 0) this.#pieces.push(bytes);
  }

  *#read(pieces: readonly Piece[]): Generator<Buffer, void, void> {
    for (const piece of pieces) {
      if (Buffer.isBuffer(piece)) yield piece;
      else if ('shape' in piece) yield* this.#frames(piece);
      else yield* this.#range(piece);
    }
  }

  *#range({offset, length, unit}: FileRange & {unit: number}): Generator<Buffer, void, void> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(copySize, length));
    for (let done = 0; done < length; ) {
      const wanted = Math.min(buffer.length, length - done);
      for (let filled = 0; filled < wanted; ) {
        const count = readAt(this.#file, buffer, filled, wanted - filled, offset + done + filled);
        if (count === 0) throw new DicomError('truncated', 'the file became shorter', {offset: offset + done + filled});
        filled += count;
      }
      yield turned(buffer.subarray(0, wanted), unit);
      done += wanted;
    }
  }

  *#frames({source, shape}: Extract<Piece, {shape: FrameShape}>): Generator<Buffer, void, void> {
    const frame = Buffer.allocUnsafeSlow(frameLength(shape));
    for (const fragments of fragmentsOfFrames(source, shape.frames)) {
      this.#decode?.(readFrame(source, fragments), shape, frame);
      yield frame;
    }
  }
}

/** A multiple of every unit. */
const copySize = 1024 * 1024;

/** Reverses the bytes of each value, in place (PS3.5 7.3). What is left over at the end is no value. */
function turned(bytes: Buffer, unit: number): Buffer {
  const whole = bytes.subarray(0, bytes.length - (bytes.length % unit));
  if (unit === 2) whole.swap16();
  else if (unit === 4) whole.swap32();
  else if (unit === 8) whole.swap64();
  return bytes;
}

/** In implicit VR the dictionary leaves a choice: signed or not by PixelRepresentation, US or OW by what fits. */
function writtenVr(holder: DataSet, element: Element, length: number): Vr {
  if (element.vr !== 'US' || holder.encoding.explicit) return element.vr;
  const isLong = length > 0xffff && lookup(element.tag)?.otherVr === 'OW';
  return isLong ? 'OW' : vrOf(holder, element);
}

/**
 * Big endian pixels of more than 16 bits in OW: some writers turn words round, others whole pixels, and nothing tells
 * which. Doubtful pixels are not sent.
 */
function refuseWideWords(holder: DataSet, {tag, vr}: Element): void {
  if (holder.encoding.littleEndian || vr !== 'OW') return;
  const bits = numbers(holder, knownTag.bitsAllocated)?.[0];
  if (bits !== undefined && bits > 16)
    throw new DicomError('unsupported', `the order of words in big endian pixels of ${bits} bits is not certain`, {
      tag,
    });
}
