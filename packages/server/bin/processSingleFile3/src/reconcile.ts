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
 * The second net: archived files that no link leads to or no summary counts, as if they had just been announced. Looks at studies that changed in
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
      const names = await neglectedFiles(site.root, study, now - youngMs);
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

/**
 * Files no link leads to, and those of series whose summary does not count all its links: the daemon was killed in between. What is no file
 * at all is among them, so that it is noted and not silently passed over.
 */
async function neglectedFiles(root: string, study: Uid, before: number): Promise<string[]> {
  const folder = archiveFolder(root, study);
  const settled = new Set<string>();
  for (const series of await listSeriesFolders(root, study)) {
    const targets = linkTargets(rawSeries(root, study, series));
    if (await isCounted(seriesJson(root, study, series), targets.length)) for (const path of targets) settled.add(path);
  }
  const neglected = readdirSync(folder).filter(name => !name.startsWith('.') && !settled.has(join(folder, name)));
  return neglected.sort().filter(name => isOlder(join(folder, name), before));
}

async function isCounted(path: string, links: number): Promise<boolean> {
  try {
    return (await readSeriesJson(path))?.NumFiles === String(links);
  } catch {
    // unreadable: made anew with the first of its images
    return false;
  }
}

function linkTargets(folder: string): string[] {
  const targets: string[] = [];
  for (const name of namesIn(folder).filter(each => !each.startsWith('.'))) {
    try {
      targets.push(readlinkSync(join(folder, name)));
    } catch {
      // no link, or gone: counts, but leads nowhere
      targets.push('');
    }
  }
  return targets;
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
