import {knownTag} from '../dicom/tag.ts';
import type {Encoding} from '../dicom/transferSyntax.ts';
import {encodeElement, type NewElement} from '../dicom/write.ts';
import type {Piece} from './cleanRoot.ts';

/** New elements as they are written. */
export function piecesOf(elements: readonly NewElement[], encoding: Encoding): Piece[] {
  return elements.map(element => ({tag: element.tag, bytes: encodeElement(element, encoding)}));
}

/**
 * The new data set around its pixels: elements in the order of their tags, whatever order they came in. Of equal tags the first
 * stays first.
 */
export function assemble(pieces: readonly Piece[]): {before: Buffer; after: Buffer} {
  const sorted = pieces.toSorted((a, b) => a.tag - b.tag);
  const bytesOf = (some: readonly Piece[]) => Buffer.concat(some.map(({bytes}) => bytes));
  const pixels = sorted.findIndex(({tag}) => tag > knownTag.pixelData);
  return pixels < 0
    ? {before: bytesOf(sorted), after: Buffer.alloc(0)}
    : {before: bytesOf(sorted.slice(0, pixels)), after: bytesOf(sorted.slice(pixels))};
}
