import {readFile} from 'node:fs/promises';
import {listSegments, segmentSize} from '@fiona/lib/site/journalSegments';

/** What shows from outside that a receiver works, though it has no time for a C-ECHO. */
export interface Signs {
  /** Bytes it has read, from the network above all; undefined where the system does not tell. */
  readonly bytesRead: number | undefined;
  /** Where the journal ends: it grows with each instance stored. */
  readonly segment: number;
  readonly offset: number;
}

/** More than our own C-ECHOs, and all the associations that modalities try meanwhile, make a receiver read. */
const muchRead = 64 * 1024;

/** Takes the signs of the receiver of a data root. */
export async function readSigns(root: string, pid: number): Promise<Signs> {
  const segment = (await listSegments(root)).at(-1) ?? 0;
  const offset = segment === 0 ? 0 : ((await segmentSize(root, segment)) ?? 0);
  return {bytesRead: await bytesReadBy(pid), segment, offset};
}

/** Whether the receiver took data or stored an instance between two looks. What it writes does not count: errors fill a log, too. */
export function showWork(before: Signs, after: Signs): boolean {
  if (after.segment !== before.segment || after.offset > before.offset) return true;
  return (
    before.bytesRead !== undefined && after.bytesRead !== undefined && after.bytesRead - before.bytesRead >= muchRead
  );
}

/** `rchar` of `/proc/<pid>/io` counts every read, sockets included. */
async function bytesReadBy(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '');
  const found = /^rchar: (\d+)$/m.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
