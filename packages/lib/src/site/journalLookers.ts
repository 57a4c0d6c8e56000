import {basename} from 'node:path';
import type {Uid} from '../dicom/uid.ts';
import {type ArrivalLine, ArrivalLineError, parseArrivalLine} from './arrivalLine.ts';
import {chunksAfter} from './journalReader.ts';
import {readPosition} from './journalSegments.ts';
import {studyOfArchiveFolder} from './layout.ts';

/**
 * The studies with lines in the journal that are not yet indexed: they must not be cleaned away.
 * @throws FileError when the journal cannot be read (then nothing is known)
 */
export async function waitingStudies(root: string): Promise<Set<Uid>> {
  const studies = new Set<Uid>();
  for await (const {study} of arrivals(root, true)) studies.add(study);
  return studies;
}

/**
 * What the kept segments tell about the arrival of some studies: study -> file name -> latest announcement.
 * @throws FileError
 */
export async function arrivalsOf(root: string, wanted: ReadonlySet<Uid>): Promise<Map<Uid, Map<string, ArrivalLine>>> {
  const found = new Map<Uid, Map<string, ArrivalLine>>();
  for await (const {study, line} of arrivals(root, false)) {
    if (!wanted.has(study)) continue;
    const files = found.get(study) ?? new Map<string, ArrivalLine>();
    files.set(line.filename, line);
    found.set(study, files);
  }
  return found;
}

async function* arrivals(root: string, waitingOnly: boolean): AsyncGenerator<{study: Uid; line: ArrivalLine}> {
  const position = waitingOnly ? await readPosition(root) : undefined;
  for await (const chunk of chunksAfter(root, position)) {
    for (const {text} of chunk) {
      const line = lineOf(text);
      const study = line && studyOfArchiveFolder(basename(line.directory));
      if (study) yield {study, line};
    }
  }
}

function lineOf(text: string): ArrivalLine | undefined {
  try {
    return parseArrivalLine(text);
  } catch (error) {
    if (error instanceof ArrivalLineError) return undefined;
    throw error;
  }
}
