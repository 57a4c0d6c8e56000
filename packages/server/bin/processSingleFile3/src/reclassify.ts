import {readdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {type ExitCode, exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';
import {asUid, type Uid} from '@fiona/lib/dicom/uid';
import {fsyncFolder} from '@fiona/lib/fs/atomic';
import {errorCode, FileError} from '@fiona/lib/fs/fileError';
import {readJsonFile, writeJsonFile} from '@fiona/lib/fs/jsonFile';
import {writeReason} from '@fiona/lib/fs/reason';
import {journal, rawStudy, reclassifyRequests} from '@fiona/lib/site/layout';
import {listSeriesFolders} from '@fiona/lib/site/listing';
import {ensureFolder, type SiteModes} from '@fiona/lib/site/modes';
import {lockStudy} from '@fiona/lib/site/studyLock';
import {connectionOfSeries} from './connections.ts';
import {markerName, touchMarkers} from './markers.ts';
import {rebuildSummary} from './rebuild.ts';
import {loadSummary, type SeriesPlace, writeSummary} from './seriesFile.ts';
import type {IndexedSite} from './site.ts';

/** A study that cannot be classified again. */
export class ReclassifyError extends FionaError {
  readonly exitCode: ExitCode;

  constructor(message: string, code: ExitCode) {
    super(message);
    this.exitCode = code;
  }
}

/** What became of a study. */
export interface Reclassified {
  series: number;
  /** Instances whose file is gone or unreadable. */
  unreadable: number;
}

/**
 * Makes the summaries of a study anew from its links, types from an empty list, connection data kept.
 * @param announce touch the arrival markers with the stored AE titles
 * @throws ReclassifyError 65 when there is no such study, 75 when it is just being deleted; FileError
 */
export async function reclassifyStudy(site: IndexedSite, study: Uid, announce: boolean): Promise<Reclassified> {
  const lock = await lockStudy(site.root, study, 'shared');
  if (!lock) throw new ReclassifyError(`study ${study} is being deleted, try later`, exitCode.tryLater);
  try {
    const all = await listSeriesFolders(site.root, study);
    if (all.length === 0) throw new ReclassifyError(`there is no study ${study} in site/raw`, exitCode.badData);
    const result: Reclassified = {series: 0, unreadable: 0};
    const markers: string[] = [];
    for (const series of all) markers.push(...(await reclassifySeries(site, {root: site.root, study, series}, result)));
    await fsyncFolder(rawStudy(site.root, study));
    if (announce) await touchMarkers(site.root, markers, site.modes, site.clock.now());
    return result;
  } finally {
    lock.release();
  }
}

/** @returns the marker of the series, none when nothing of it is left */
async function reclassifySeries(site: IndexedSite, place: SeriesPlace, result: Reclassified): Promise<string[]> {
  const stored = loadSummary(place, site.clock.now());
  const known = typeof stored === 'object' ? stored.IncomingConnection : undefined;
  const connection = await connectionOfSeries(place, known);
  const {summary, unreadable, problems} = await rebuildSummary(place, connection, site.rules);
  for (const problem of new Set(problems)) site.log.warn(problem);
  result.unreadable += unreadable.length;
  if (!summary) return [];
  await writeSummary(place, summary, site.modes);
  result.series++;
  const {AETitleCaller: caller, AETitleCalled: called, CallerIP: callerAddress} = connection;
  return [markerName({caller, called, callerAddress}, place)];
}

const requestPath = (root: string, study: Uid) => join(reclassifyRequests(root), `${study}.json`);
const reasonPath = (root: string, study: Uid) => join(reclassifyRequests(root), `${study}.reason.json`);

/**
 * Asks the running daemon to classify a study again and waits until it has.
 * @throws ReclassifyError 65 when it could not, 75 when it did not within the time
 */
export async function requestReclassify(
  site: {root: string; modes: SiteModes},
  study: Uid,
  {announce, waitSeconds, signal}: {announce: boolean; waitSeconds: number; signal: AbortSignal},
): Promise<void> {
  const path = requestPath(site.root, study);
  ensureFolder(journal(site.root), site.modes.folders, site.modes);
  ensureFolder(reclassifyRequests(site.root), site.modes.folders, site.modes);
  rmSync(reasonPath(site.root, study), {force: true});
  await writeJsonFile(path, {announce, at: new Date().toISOString()}, {mode: site.modes.files, gid: site.modes.gid});
  const deadline = performance.now() + waitSeconds * 1000;
  while ((await readJsonFile(path)) !== undefined) {
    if (performance.now() > deadline || signal.aborted) {
      throw new ReclassifyError(`study ${study} is noted, the daemon has not come to it yet`, exitCode.tryLater);
    }
    await delay(50);
  }
  const reason = (await readJsonFile(reasonPath(site.root, study))) as {detail?: unknown} | undefined;
  if (reason) throw new ReclassifyError(String(reason.detail), exitCode.badData);
}

/** The studies somebody asked to classify again. */
export function requestedStudies(root: string): Uid[] {
  let names: string[];
  try {
    names = readdirSync(reclassifyRequests(root));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw new FileError('read', reclassifyRequests(root), error);
  }
  const requests = names.filter(
    name => name.endsWith('.json') && !name.endsWith('.reason.json') && !name.startsWith('.'),
  );
  return requests.map(name => asUid(name.slice(0, -'.json'.length))).filter(study => study !== undefined);
}

/** The daemon's side of a request: carries it out and removes it; a failure leaves a reason beside it. */
export async function answerRequest(site: IndexedSite, study: Uid): Promise<void> {
  const path = requestPath(site.root, study);
  try {
    const request = (await readJsonFile(path)) as {announce?: unknown} | undefined;
    const {series, unreadable} = await reclassifyStudy(site, study, request?.announce === true);
    site.log.info(`study ${study} classified again: ${series} series, ${unreadable} unreadable instances`);
    if (unreadable > 0) throw new ReclassifyError(unreadableSentence(study, unreadable), exitCode.badData);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    site.log.error(`study ${study} could not be classified again: ${detail}`);
    const reason = {item: study, tool: 'processSingleFile3', reason: 'not-reclassified', detail};
    await writeReason(reasonPath(site.root, study), reason, site.clock);
  }
  rmSync(path, {force: true});
}

/** For people: the study was done, but not all of it. */
export function unreadableSentence(study: Uid, count: number): string {
  return `study ${study}: ${count} instances could not be read, their series were made from the others`;
}
