import {mkdir, realpath, rm} from 'node:fs/promises';
import {dirname, join, relative} from 'node:path';
import type {FileOutcome} from '@fiona/lib/deid/fileTask';
import type {DeidRequest} from '@fiona/lib/deid/request';
import {mapUid} from '@fiona/lib/deid/uid';
import {implementationVersionName} from '@fiona/lib/dicom/implementation';
import {formatTag} from '@fiona/lib/dicom/tag';
import {asUid} from '@fiona/lib/dicom/uid';
import {FileError} from '@fiona/lib/fs/fileError';
import {writeReason} from '@fiona/lib/fs/reason';
import {archiveRoot} from '@fiona/lib/site/layout';
import type {RunContext} from './context.ts';

/** An instance that could not be understood. */
export type Quarantined = Extract<FileOutcome, {kind: 'quarantined'}>;

/**
 * Writes one note for each quarantined instance of a request, in place of those of earlier attempts. The original stays where it is.
 * @param sopInstanceUidOf UID under which an input file stands in raw
 * @throws FileError
 */
export async function noteQuarantined(
  quarantined: readonly Quarantined[],
  requestName: string,
  deid: DeidRequest,
  sopInstanceUidOf: (path: string) => string,
  {config, clock}: Pick<RunContext, 'config' | 'clock'>,
): Promise<void> {
  const folder = join(config.PATHS.quarantine, requestName);
  const root = archiveRoot(config.DATADIR);
  const site = dirname(await realpath(root).catch(() => root));
  await startAfresh(folder, quarantined.length > 0);
  const version = implementationVersionName.replace(/^FIONA_/, '');
  for (const [index, {input, reason, detail, tag, offset}] of quarantined.entries()) {
    const name = newUid(sopInstanceUidOf(input), deid) ?? String(index + 1);
    await writeReason(join(folder, `${name}.reason.json`), {
      item: relative(site, input),
      tool: 'anonymizeAndSend',
      reason,
      detail,
      at: clock.now(),
      ...(tag !== undefined && {tag: formatTag(tag)}),
      ...(offset !== undefined && {offset}),
      version,
    });
  }
}

async function startAfresh(folder: string, isNeeded: boolean): Promise<void> {
  try {
    await rm(folder, {recursive: true, force: true});
    if (isNeeded) await mkdir(folder, {recursive: true, mode: 0o750});
  } catch (error) {
    throw new FileError('write', folder, error);
  }
}

/** The UID the instance would have had, so that a note can be found again from the research side. */
function newUid(sopInstanceUid: string, {project, uidStyle, uidRoot, key}: DeidRequest): string | undefined {
  if (asUid(sopInstanceUid) === undefined) return undefined;
  const base = {project, style: uidStyle, root: uidRoot, ...(key !== undefined && {key})};
  return mapUid(sopInstanceUid, {kind: 'other', ...base});
}
