import {readdirSync, rmSync} from 'node:fs';
import {join, relative} from 'node:path';
import type {Clock} from '@fiona/lib/cli/clock';
import type {FileOutcome} from '@fiona/lib/deid/fileTask';
import {implementationVersionName} from '@fiona/lib/dicom/implementation';
import {formatTag} from '@fiona/lib/dicom/tag';
import {errorCode} from '@fiona/lib/fs/fileError';
import {makeFolder} from '@fiona/lib/fs/makeFolder';
import {writeReason} from '@fiona/lib/fs/reason';
import {isNotDicom} from './inputFiles.ts';
import type {Paths} from './paths.ts';

/** A file that was set aside. */
export type Quarantined = Extract<FileOutcome, {kind: 'quarantined'}>;

const ownNote = /^\d{6,}\.reason\.json$/;

/**
 * Notes why files were set aside, one `<number>.reason.json` each; notes of an earlier run go.
 * @throws FileError
 */
export async function noteQuarantined(paths: Paths, outcomes: readonly FileOutcome[], clock: Clock): Promise<void> {
  removeNotes(paths.quarantine);
  const setAside = outcomes.filter(outcome => outcome.kind === 'quarantined' && !isNotDicom(outcome)) as Quarantined[];
  if (setAside.length > 0) makeFolder(paths.quarantine, 0o750);
  for (const [index, {input, reason, detail, tag, offset}] of setAside.entries()) {
    await writeReason(
      join(paths.quarantine, `${String(index + 1).padStart(6, '0')}.reason.json`),
      {
        item: relative(paths.input, input) || '.',
        tool: 'anonymize',
        reason,
        detail,
        ...(tag === undefined ? {} : {tag: formatTag(tag)}),
        ...(offset === undefined ? {} : {offset}),
        version: implementationVersionName,
      },
      clock,
    );
  }
}

function removeNotes(folder: string): void {
  try {
    for (const name of readdirSync(folder)) if (ownNote.test(name)) rmSync(join(folder, name), {force: true});
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
