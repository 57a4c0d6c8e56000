import {closeSync, openSync, readFileSync, statSync, writeSync, writevSync} from 'node:fs';
import {join} from 'node:path';
import {threadId} from 'node:worker_threads';
import {readAt} from '../dicom/byteSource.ts';
import type {FileRange} from '../dicom/dataSet.ts';
import {DicomError} from '../dicom/dicomError.ts';
import type {Chunk} from '../dicom/editor.ts';

let made = 0;

/** A name in the folder that no other thread or process uses; hidden, ends in `.tmp`. */
export function temporaryFile(folder: string): string {
  made++;
  return join(folder, `.deid.${process.pid}-${threadId}-${made}.tmp`);
}

/** True when two files have the same bytes. */
export function sameFile(one: string, other: string): boolean {
  return statSync(one).size === statSync(other).size && readFileSync(one).equals(readFileSync(other));
}

const copySize = 1024 * 1024;
/** One for the whole thread: a fresh megabyte for every file of half a megabyte costs as much as reading it. */
let scratch: Buffer | undefined;

/**
 * Writes chunks to a new file, stretches of the source in pieces of 1 MiB, a small file in one call.
 * @throws DicomError truncated when the source became shorter; the system's errors of writing
 */
export function writeNewFile(path: string, chunks: readonly Chunk[], source: number | undefined): void {
  const target = openSync(path, 'wx', 0o600);
  try {
    let waiting: Buffer[] = [];
    for (const chunk of chunks) {
      if (Buffer.isBuffer(chunk)) {
        waiting.push(chunk);
        continue;
      }
      for (let done = 0; done < chunk.length; ) {
        const piece = readPiece(source, chunk, done);
        done += piece.length;
        writeBuffers(target, [...waiting, piece]);
        waiting = [];
      }
    }
    if (waiting.length > 0) writeBuffers(target, waiting);
  } finally {
    closeSync(target);
  }
}

function readPiece(source: number | undefined, {offset, length}: FileRange, done: number): Buffer {
  scratch ??= Buffer.allocUnsafeSlow(copySize);
  const count = readAt(source, scratch, 0, Math.min(copySize, length - done), offset + done);
  if (count === 0) throw new DicomError('truncated', 'the file became shorter', {offset: offset + done});
  return scratch.subarray(0, count);
}

function writeBuffers(target: number, buffers: readonly Buffer[]): void {
  let written = writevSync(target, buffers);
  // a short write is rare: the rest piece by piece
  for (const buffer of buffers) {
    const from = Math.min(written, buffer.length);
    written -= from;
    for (let at = from; at < buffer.length; ) at += writeSync(target, buffer, at, buffer.length - at);
  }
}
