import {readdirSync} from 'node:fs';
import {text} from '@fiona/lib/dicom/values';
import {fsyncFolder} from '@fiona/lib/fs/atomic';
import {FileError} from '@fiona/lib/fs/fileError';
import {rawSeries, rawStudy} from '@fiona/lib/site/layout';
import {connectionOfSeries} from './connections.ts';
import {type Image, readImage} from './image.ts';
import {markerName, touchMarkers} from './markers.ts';
import type {Message} from './message.ts';
import {PathPolicy} from './pathPolicy.ts';
import {PatientWatch} from './patientWatch.ts';
import {rebuildSummary} from './rebuild.ts';
import {loadSummary, type SeriesPlace, writeSummary} from './seriesFile.ts';
import {readFacts, type Summary} from './seriesSummary.ts';
import type {IndexedSite} from './site.ts';
import {Trees} from './trees.ts';
import {updateSummary} from './updateSummary.ts';

/** A series of the batch. */
interface OpenSeries {
  place: SeriesPlace;
  summary: Summary | undefined;
  /** Entries of the series folder. */
  instances: Set<string>;
  messages: Message[];
}

/** Messages whose effects could not be made durable, with the reason. They count as failed. */
export interface FlushFailure {
  messages: Message[];
  error: FileError;
}

/**
 * Turns announced files into links, series summaries and markers, in batches: what `add` did is durable after `flush`. Messages
 * are handled strictly in order. Nothing is remembered beyond a flush, so that others may tidy up in between.
 */
export class Indexer {
  readonly #site: IndexedSite;
  #policy: PathPolicy;
  #trees: Trees;
  #patients: PatientWatch;
  readonly #series = new Map<string, OpenSeries>();
  readonly #reported = new Set<string>();

  constructor(site: IndexedSite) {
    this.#site = site;
    this.#policy = new PathPolicy(site.root, site.allowOutside);
    this.#trees = new Trees(site.root, site.modes, site.log);
    this.#patients = new PatientWatch(site);
  }

  /** Whether something waits for `flush`. */
  get isDirty(): boolean {
    return this.#series.size > 0;
  }

  /**
   * Indexes one announced file; its summary and marker wait for `flush`.
   * @throws NotIndexed when the file cannot be indexed; FileError when the disk fails
   */
  async add(message: Message): Promise<void> {
    this.#policy.check(message);
    const image = readImage(message.path);
    if (image.damage)
      this.#site.log.warn(`instance ${image.instance} is damaged, indexed as far as readable: ${image.damage.message}`);
    const facts = readFacts(image, message);
    this.#trees.link(image);
    const series = await this.#open(image);
    this.#patients.see(image, text(image.dataSet, 0x00100020) ?? '', series.summary?.PatientID);
    series.instances.add(image.instance);
    const joining = {facts, dataSet: image.dataSet, numFiles: series.instances.size};
    const {summary, problems} = updateSummary(series.summary, joining, this.#site.rules);
    series.summary = summary;
    series.messages.push(message);
    for (const problem of problems) this.#reportOnce(problem);
  }

  async #open({study, series}: Image): Promise<OpenSeries> {
    const key = `${study}/${series}`;
    const known = this.#series.get(key);
    if (known) return known;
    const place: SeriesPlace = {root: this.#site.root, study, series};
    const opened: OpenSeries = {
      place,
      summary: await this.#load(place),
      instances: new Set(entriesOf(place)),
      messages: [],
    };
    this.#series.set(key, opened);
    return opened;
  }

  async #load(place: SeriesPlace): Promise<Summary | undefined> {
    const stored = loadSummary(place, this.#site.clock.now());
    if (stored !== 'set aside') return stored;
    this.#site.log.warn(`the summary of series ${place.series} is unreadable, set aside and made anew from its links`);
    const {summary} = await rebuildSummary(place, await connectionOfSeries(place, undefined), this.#site.rules);
    return summary;
  }

  #reportOnce(problem: string): void {
    if (this.#reported.has(problem)) return;
    this.#reported.add(problem);
    this.#site.log.warn(problem);
  }

  /**
   * Makes everything added since the last flush durable: links and summaries first, then the arrival markers.
   * @returns what could not be written for a reason of its own (a folder in place of a summary); the rest is done
   * @throws FileError when the disk fails as a whole (full, read-only): nothing is forgotten, flush again later
   */
  async flush(): Promise<FlushFailure[]> {
    const {root, modes, clock} = this.#site;
    const failures: FlushFailure[] = [];
    const markers = new Set<string>();
    const folders = new Set(this.#trees.changedFolders);
    await inParallel([...this.#series.values()], async ({place, summary, messages}) => {
      if (!summary) return;
      try {
        await writeSummary(place, summary, modes);
        folders.add(rawStudy(root, place.study));
        for (const message of messages) markers.add(markerName(message, place));
      } catch (error) {
        if (!(error instanceof FileError) || isDiskTrouble(error)) throw error;
        failures.push({messages, error});
      }
    });
    await inParallel([...folders], folder => fsyncFolder(folder));
    if (markers.size > 0) await touchMarkers(root, markers, modes, clock.now());
    this.forget();
    return failures;
  }

  /** Drops what was read of the site; only after a flush, or when the batch is given up. */
  forget(): void {
    const {root, allowOutside, modes, log} = this.#site;
    this.#series.clear();
    this.#policy = new PathPolicy(root, allowOutside);
    this.#trees = new Trees(root, modes, log);
    this.#patients = new PatientWatch(this.#site);
  }
}

function entriesOf({root, study, series}: SeriesPlace): string[] {
  const folder = rawSeries(root, study, series);
  try {
    return readdirSync(folder).filter(name => !name.startsWith('.'));
  } catch (error) {
    throw new FileError('read', folder, error);
  }
}

const systemTrouble = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'ENOMEM', 'ESTALE', 'ENODEV']);

/** Whether trying again later helps and setting the message aside does not: the disk is full, gone or read-only. */
export function isDiskTrouble(error: unknown): boolean {
  return error instanceof FileError && error.code !== undefined && systemTrouble.has(error.code);
}

const atOnce = 8;

/** Runs a step for each item, a few at a time; the first error is thrown after the running ones are through. */
async function inParallel<T>(items: readonly T[], step: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const workers = Array.from({length: Math.min(atOnce, queue.length)}, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await step(item);
  });
  const failed = (await Promise.allSettled(workers)).find(result => result.status === 'rejected');
  if (failed) throw failed.reason;
}
