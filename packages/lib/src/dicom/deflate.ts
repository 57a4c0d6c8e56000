import {deflateRawSync} from 'node:zlib';
import {type Chunk, readChunks} from './editor.ts';

/**
 * Deflates a data set for Deflated Explicit VR Little Endian (PS3.5 A.5), padded to an even length. Holds it in memory.
 * @param sourceFile open file of the FileRange chunks
 */
export function deflateDataSet(chunks: readonly Chunk[], sourceFile?: number): Buffer {
  const plain = Buffer.concat([...readChunks(chunks, sourceFile)].map(piece => Buffer.from(piece)));
  const deflated = deflateRawSync(plain, {level: 6});
  return deflated.length % 2 === 0 ? deflated : Buffer.concat([deflated, Buffer.alloc(1)]);
}
