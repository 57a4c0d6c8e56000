import type {DataSet, Element, Fragment} from './dataSet.ts';
import type {DicomError} from './dicomError.ts';
import type {TransferSyntax} from './transferSyntax.ts';

/** Where the pixels are. */
export interface PixelData {
  readonly element: Element;
  /** True: positions are bytes of the file. False: of `dataSet.bytes` (deflated, or the whole file was given as bytes). */
  readonly inFile: boolean;
  /** First byte behind the element's header: the value, or the first item of encapsulated data. */
  readonly offset: number;
  /** Bytes of the native value; of encapsulated data all items and the delimiter. Undefined when `readHeader` met encapsulated data. */
  readonly length: number | undefined;
  readonly fragments: readonly Fragment[] | undefined;
}

/** A stored SOP instance, or its header. */
export interface Instance {
  /** Group 0002; undefined when the file has none. */
  readonly meta: DataSet | undefined;
  readonly transferSyntax: TransferSyntax;
  /** True: the file does not name its transfer syntax, it was guessed from the first bytes. */
  readonly guessed: boolean;
  readonly dataSet: DataSet;
  /** Byte of the file where the (perhaps deflated) data set begins: preamble and group 0002 stand before it. */
  readonly dataSetOffset: number;
  readonly fileSize: number;
  readonly pixelData: PixelData | undefined;
  /** Bytes behind the last element that are no elements. */
  readonly trailingBytes: number;
  /** Only with `tolerant`: what ended the reading early; `dataSet` holds what stood before it. */
  readonly damage: DicomError | undefined;
}

/** Limits of reading; the defaults suit a whole study archive. */
export interface ReadLimits {
  /** Values larger than this are left in the file (`element.outside`). Default 16 MiB. */
  readonly maxElementBytes?: number;
  /** All that may be held in memory of one instance. Default 512 MiB. */
  readonly maxHeaderBytes?: number;
  /** Sequences in sequences. Default 64. */
  readonly maxDepth?: number;
  /** Elements and items at all depths. Default 6 million. */
  readonly maxElements?: number;
  /** Give back what stands before the damage instead of throwing. Default false. */
  readonly tolerant?: boolean;
}
