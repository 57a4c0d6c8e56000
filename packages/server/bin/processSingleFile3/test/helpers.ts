import {existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {systemClock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import {compatibleModes} from '@fiona/lib/site/modes';
import {afterEach} from 'vitest';
import type {IndexedSite} from '../src/site.ts';

/** Real DICOM files of Debian's python3-pydicom. */
export const pydicomData = '/usr/lib/python3/dist-packages/pydicom/data';

/** Recorded results beside the repository; tests that need them fail in CI when they are absent. */
export const goldenFolder = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../../../../../shared/data/golden/series',
);

const made: string[] = [];

/** An empty folder that goes with the test. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fiona-index-'));
  made.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, {recursive: true, force: true});
});

/** A log that remembers. */
export function aLog(): Log & {lines: string[]} {
  const lines: string[] = [];
  const to = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return {lines, debug: to('DEBUG'), info: to('INFO'), warn: to('WARN'), error: to('ERROR')};
}

/** A site without rules that may index files anywhere. */
export function aSite(more: Partial<IndexedSite> = {}): IndexedSite {
  const root = more.root ?? aFolder();
  mkdirSync(join(root, 'site', 'archive'), {recursive: true});
  return {root, modes: compatibleModes, rules: undefined, allowOutside: true, log: aLog(), clock: systemClock, ...more};
}

/** Files and links below `site/`, relative to the data root, `path -> target` for links; sorted. Empty folders do not count. */
export function treeOf(root: string): string[] {
  return existsSync(join(root, 'site')) ? walk(join(root, 'site'), root).sort() : [];
}

function walk(folder: string, root: string): string[] {
  return readdirSync(folder).flatMap(name => {
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) return [`${relative(root, path)} -> ${readlinkSync(path)}`];
    return stat.isDirectory() ? walk(path, root) : [relative(root, path)];
  });
}

/** The summaries of a site by path below the data root. */
export function summariesOf(root: string): Record<string, Record<string, unknown>> {
  const paths = treeOf(root).filter(path => /^site\/raw\/[^/]+\/[^/.][^/]*\.json$/.test(path));
  return Object.fromEntries(paths.map(path => [path, JSON.parse(readFileSync(join(root, path), 'utf8'))]));
}
