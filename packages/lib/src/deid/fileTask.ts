import {closeSync, linkSync, mkdirSync, readSync, unlinkSync} from 'node:fs';
import {join} from 'node:path';
import type {FileRange} from '../dicom/dataSet.ts';
import {DicomError, type DicomReason} from '../dicom/dicomError.ts';
import {chunksLength} from '../dicom/editor.ts';
import type {Instance} from '../dicom/instance.ts';
import {openInstance, readOpenInstance} from '../dicom/read.ts';
import type {Tag} from '../dicom/tag.ts';
import {asUid} from '../dicom/uid.ts';
import {text} from '../dicom/values.ts';
import type {Deidentifier} from './engine.ts';
import {type Original, originalOf} from './original.ts';
import type {NewIdentity, QuarantineReason, SkipReason, Written} from './outcome.ts';
import {sameFile, temporaryFile, writeNewFile} from './outputFile.ts';
import {rootTags} from './profile/rootTags.ts';
import type {DeidLimits, PixelGate} from './request.ts';
import type {Tally} from './tally.ts';

/** A file to de-identify, with what is known of its pixels; default the request's. */
export interface DeidFile {
  readonly path: string;
  readonly pixelGate?: PixelGate;
}

/** What became of one file. Plain data: it comes back from worker threads as it is. */
export type FileOutcome =
  | ({
      readonly kind: 'written';
      readonly input: string;
      readonly path: string;
      readonly size: number;
      readonly original: Original;
    } & NewIdentity)
  | {readonly kind: 'skipped'; readonly input: string; readonly reason: SkipReason; readonly sopClassUid: string}
  | {
      readonly kind: 'quarantined';
      readonly input: string;
      readonly reason: QuarantineReason;
      /** One sentence without any value of the instance. */
      readonly detail: string;
      readonly tag?: Tag;
      readonly offset?: number;
      /** The file is no DICOM at all: nothing of it was recognised. */
      readonly notDicom?: true;
      /** `duplicate-uid`: the file that has the name. */
      readonly taken?: string;
    };

/** Where files are written, and the folders that were made already. */
export interface Output {
  readonly folder: string;
  /** Files directly in the folder, not in one of their series. */
  readonly flat?: boolean;
  readonly made: Set<string>;
}

/**
 * De-identifies one file into `<folder>/<new SeriesInstanceUID>/<Modality>.<new SOPInstanceUID>.dcm`: a temporary file that
 * gets its name when it is complete, so that a kill leaves no partial instance. Never throws for what is in the file or
 * happens on the disk.
 */
export function deidentifyFile(
  deidentifier: Deidentifier,
  file: DeidFile,
  output: Output,
  limits: DeidLimits,
): {outcome: FileOutcome; tallies: readonly Tally[]} {
  const input = file.path;
  let source: number | undefined;
  try {
    const opened = openInstance(input);
    source = opened;
    const instance = readOpenInstance(opened, {...limits, maxElementBytes: limits.maxHeaderBytes});
    if (isMediaDirectory(instance)) {
      return {
        outcome: {kind: 'skipped', input, reason: 'not-a-storage-instance', sopClassUid: mediaDirectoryClass},
        tallies: [],
      };
    }
    const result = deidentifier.deidentify(instance, range => readRange(opened, range), file.pixelGate);
    if (result.kind !== 'written') return {outcome: {...result, input}, tallies: []};
    const from = {input, original: originalOf(instance)};
    return {outcome: writeOutput(from, result, output, opened), tallies: result.tallies};
  } catch (error) {
    if (!(error instanceof DicomError)) throw error;
    const notDicom = error.reason === 'not-dicom' ? {notDicom: true as const} : {};
    return {outcome: {kind: 'quarantined', input, ...unreadable(error), ...notDicom}, tallies: []};
  } finally {
    if (source !== undefined) closeSync(source);
  }
}

const mediaDirectoryClass = '1.2.840.10008.1.3.10';

/** A DICOMDIR lies beside the instances on every disc and has no UIDs of its own in its data set. */
function isMediaDirectory({meta}: Instance): boolean {
  return meta !== undefined && text(meta, rootTags.mediaStorageSopClassUid) === mediaDirectoryClass;
}

const reasons: Partial<Record<DicomReason, QuarantineReason>> = {
  'too-deep': 'too-deep',
  'too-large': 'too-large',
  'too-many-elements': 'too-large',
};

function unreadable(error: DicomError): {reason: QuarantineReason; detail: string; tag?: Tag; offset?: number} {
  return {
    reason: reasons[error.reason] ?? 'unreadable',
    detail: error.message,
    ...(error.tag === undefined ? {} : {tag: error.tag}),
    ...(error.offset === undefined ? {} : {offset: error.offset}),
  };
}

function readRange(file: number, {offset, length}: FileRange): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, length - done, offset + done);
    if (count === 0) throw new DicomError('truncated', 'the file became shorter', {offset: offset + done});
    done += count;
  }
  return bytes;
}

function writeOutput(
  {input, original}: {readonly input: string; readonly original: Original},
  {chunks, identity}: Written,
  output: Output,
  source: number,
): FileOutcome {
  const series = asUid(identity.seriesInstanceUid);
  const instance = asUid(identity.sopInstanceUid);
  if (series === undefined || instance === undefined) {
    return {kind: 'quarantined', input, reason: 'bad-uid', detail: 'a new UID is not fit to be a file name'};
  }
  const folder = output.flat === true ? output.folder : join(output.folder, series);
  const path = join(folder, identity.modality === '' ? `${instance}.dcm` : `${identity.modality}.${instance}.dcm`);
  const temporary = temporaryFile(folder);
  try {
    if (!output.made.has(folder)) mkdirSync(folder, {recursive: true, mode: 0o700});
    output.made.add(folder);
    writeNewFile(temporary, chunks, source);
    if (!giveName(temporary, path)) {
      return {
        kind: 'quarantined',
        input,
        reason: 'duplicate-uid',
        detail: 'another instance with this SOPInstanceUID has other content',
        taken: path,
      };
    }
    return {kind: 'written', input, path, size: chunksLength(chunks), original, ...identity};
  } catch (error) {
    removeQuietly(temporary);
    if (error instanceof DicomError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return {kind: 'quarantined', input, reason: 'write-failed', detail: `the output cannot be written (${code})`};
  }
}

/** A link fails when the name is taken, a rename would replace what is there. @returns false when other content has the name */
function giveName(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!isTaken) throw error;
    return sameFile(temporary, path);
  } finally {
    removeQuietly(temporary);
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // it was never made, or is gone already
  }
}
