import {DicomError} from './dicomError.ts';
import type {FrameShape} from './frames.ts';
import {decodeJpegLosslessFrame} from './jpegLossless.ts';
import {decodeRleFrame} from './rle.ts';
import {transferSyntaxUid} from './transferSyntax.ts';

/**
 * Decodes one frame without loss to little endian samples: all bytes of `into`, which is as long as a frame and begins at an even
 * address, are written. Throws `DicomError`.
 */
export type FrameDecoder = (encoded: Buffer, shape: FrameShape, into: Buffer) => void;

const decoders = new Map<string, FrameDecoder>([
  [transferSyntaxUid.rleLossless, decodeRleFrame],
  [transferSyntaxUid.jpegLossless, decodeJpegLosslessFrame],
  [transferSyntaxUid.jpegLosslessFirstOrder, decodeJpegLosslessFrame],
  [transferSyntaxUid.encapsulatedUncompressed, takeFrame],
]);

/** The decoder of a compressed transfer syntax, or undefined when we have none that loses nothing. */
export function decoderOf(transferSyntax: string): FrameDecoder | undefined {
  return decoders.get(transferSyntax);
}

/** A frame that only was put into a fragment (PS3.5 A.4.11), perhaps with a byte of padding. */
function takeFrame(encoded: Buffer, _shape: FrameShape, into: Buffer): void {
  if (encoded.copy(into) < into.length) throw new DicomError('truncated', 'a frame has too few pixels');
}
