import {lstatSync, readdirSync, readlinkSync, statSync, unlinkSync} from 'node:fs';
import {join} from 'node:path';
import type {Uid} from '@fiona/lib/dicom/uid';
import {errorCode} from '@fiona/lib/fs/fileError';
import type {ArrivalLine} from '@fiona/lib/site/arrivalLine';
import {arrivalsOf} from '@fiona/lib/site/journalLookers';
import {archiveFolder, rawSeries, rawStudy, seriesJson} from '@fiona/lib/site/layout';
import {listArchivedStudies, listRawStudies, listSeriesFolders} from '@fiona/lib/site/listing';
import {readSeriesJson} from '@fiona/lib/site/seriesJson';
import {lockStudy} from '@fiona/lib/site/studyLock';
import {unknownConnection} from './connections.ts';
import {failedSince} from './failures.ts';
import {readImage} from './image.ts';
import {type Message, parseMessage} from './message.ts';
import {temporarySummaryName} from './seriesFile.ts';
import type {IndexedSite} from './site.ts';

const dayMs = 86_400_000;
const youngMs = 60_000;

/**
 * The second net: archived files that no link leads to, as if they had just been announced. Looks at studies that changed in
 * the last days and whose lock is free, which is held shared while the study is looked at.
 * @param done paths that were handed out before: each is tried once in the life of the daemon
 */
export async function* unannounced(site: IndexedSite, days: number, done: Set<string>): AsyncGenerator<Message> {
  const now = site.clock.now().getTime();
  const recent = await studiesSince(site.root, now - days * dayMs);
  const failed = await failedPaths(site.root, new Date(now - dayMs));
  let arrivals: Map<Uid, Map<string, ArrivalLine>> | undefined;
  for (const study of recent) {
    const lock = await lockStudy(site.root, study, 'shared');
    if (!lock) continue;
    try {
      const folder = archiveFolder(site.root, study);
      const names = await unlinkedFiles(site.root, study, now - youngMs);
      for (const name of names) {
        const path = join(folder, name);
        if (failed.has(path) || done.has(path)) continue;
        done.add(path);
        arrivals ??= await arrivalsOf(site.root, new Set(recent));
        yield {origin: 'reconcile', path, ...(await connectionOf(site, path, arrivals.get(study)?.get(name)))};
      }
    } finally {
      lock.release();
    }
  }
}

async function studiesSince(root: string, since: number): Promise<Uid[]> {
  return (await listArchivedStudies(root)).filter(study => {
    const stat = statSync(archiveFolder(root, study), {throwIfNoEntry: false});
    return stat !== undefined && stat.mtimeMs >= since;
  });
}

async function failedPaths(root: string, since: Date): Promise<Set<string>> {
  const paths = new Set<string>();
  for (const message of await failedSince(root, since)) {
    try {
      paths.add(parseMessage(message, 'pipe').path);
    } catch {
      // a line that was no message
    }
  }
  return paths;
}

async function unlinkedFiles(root: string, study: Uid, before: number): Promise<string[]> {
  const folder = archiveFolder(root, study);
  const targets = new Set<string>();
  for (const series of await listSeriesFolders(root, study)) {
    const links = rawSeries(root, study, series);
    for (const name of readdirSync(links)) addTarget(targets, join(links, name));
  }
  const files = readdirSync(folder, {withFileTypes: true}).filter(
    entry => entry.isFile() && !entry.name.startsWith('.'),
  );
  const unlinked = files.map(({name}) => name).filter(name => !targets.has(join(folder, name)));
  return unlinked.sort().filter(name => isOlder(join(folder, name), before));
}

function addTarget(targets: Set<string>, link: string): void {
  try {
    targets.add(readlinkSync(link));
  } catch {
    // no link, or gone
  }
}

function isOlder(path: string, time: number): boolean {
  const stat = lstatSync(path, {throwIfNoEntry: false});
  return stat !== undefined && stat.mtimeMs < time;
}

/** From the journal, else from the summary of its series, else unknown. */
async function connectionOf(site: IndexedSite, path: string, line: ArrivalLine | undefined) {
  if (line) {
    const {caller, called, callerAddress} = parseMessage(Object.values(line).join(','), 'journal');
    return {caller, called, callerAddress};
  }
  const stored = await storedConnection(site.root, path);
  if (!stored) site.log.warn(`nobody knows who sent ${path}: its AE titles are noted as unknown`);
  const {AETitleCaller, AETitleCalled, CallerIP} = stored ?? unknownConnection;
  return {caller: AETitleCaller, called: AETitleCalled, callerAddress: CallerIP};
}

async function storedConnection(root: string, path: string) {
  try {
    const {study, series} = readImage(path);
    return (await readSeriesJson(seriesJson(root, study, series)))?.IncomingConnection;
  } catch {
    // it will fail again, and be noted, when it is indexed
    return undefined;
  }
}

const hourMs = 3_600_000;

/**
 * Removes temporary summaries that a crash left more than an hour ago.
 * @returns how many
 */
export async function removeLeftovers(site: IndexedSite): Promise<number> {
  let removed = 0;
  for (const study of await listRawStudies(site.root)) {
    const folder = rawStudy(site.root, study);
    for (const name of namesIn(folder).filter(each => temporarySummaryName.test(each))) {
      if (!isOlder(join(folder, name), site.clock.now().getTime() - hourMs)) continue;
      unlinkSync(join(folder, name));
      removed++;
    }
  }
  return removed;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
