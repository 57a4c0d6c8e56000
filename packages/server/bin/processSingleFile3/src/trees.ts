import {existsSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import type {Log} from '@fiona/lib/cli/log';
import {strings, text} from '@fiona/lib/dicom/values';
import {
  participants,
  participantsRoot,
  rawInstance,
  rawRoot,
  rawSeries,
  rawStudy,
  safeComponent,
  srs,
  srsRoot,
} from '@fiona/lib/site/layout';
import {ensureFolder, type SiteModes} from '@fiona/lib/site/modes';
import type {Image} from './image.ts';
import {ensureLink, existingTarget, type LinkOutcome, replaceLink} from './links.ts';

/** The trees of links of a data root. One for a batch: it remembers what it made and which folders changed. */
export class Trees {
  readonly #root: string;
  readonly #modes: SiteModes;
  readonly #log: Log;
  readonly #ready = new Set<string>();
  /** Folders with new names: to be made durable with the batch. */
  readonly changedFolders = new Set<string>();

  constructor(root: string, modes: SiteModes, log: Log) {
    this.#root = root;
    this.#modes = modes;
    this.#log = log;
  }

  /**
   * Makes the raw link of an image, that of its participant and, for structured reports, that below `site/srs`.
   * @throws NotIndexed, FileError
   */
  link(image: Image): LinkOutcome {
    const outcome = this.#linkRaw(image);
    this.#linkParticipant(image);
    if (strings(image.dataSet, 0x00080060)?.includes('SR')) this.#linkReport(image);
    return outcome;
  }

  #linkRaw({study, series, instance, path}: Image): LinkOutcome {
    const folder = rawSeries(this.#root, study, series);
    this.#folder(rawRoot(this.#root), this.#modes.folders);
    this.#folder(rawStudy(this.#root, study), this.#modes.folders);
    this.#folder(folder, this.#modes.leafFolders);
    const outcome = ensureLink(rawInstance(this.#root, study, series, instance), path);
    if (outcome.kind !== 'same') this.changedFolders.add(folder);
    if (outcome.kind === 'replaced' && outcome.oldTargetExisted) {
      this.#log.warn(
        `instance ${instance} of series ${series} is announced from another file, its link leads there now`,
      );
    }
    return outcome;
  }

  #linkParticipant({dataSet, study}: Image): void {
    const patientId = text(dataSet, 0x00100020)?.trim();
    if (!patientId) return;
    const date = text(dataSet, 0x00080020);
    const time = text(dataSet, 0x00080030);
    const name = date === undefined || time === undefined ? 'unknown_unknown' : `${date}_${time}`;
    const folder = participants(this.#root, patientId);
    const path = join(folder, safeComponent(name));
    if (this.#ready.has(`${path}\n${study}`)) return;
    this.#folder(participantsRoot(this.#root), this.#modes.folders);
    this.#folder(folder, this.#modes.leafFolders);
    const target = rawStudy(this.#root, study);
    const found = existingTarget(path, target);
    if (found === 'made') this.changedFolders.add(folder);
    else if (found !== target) this.#resolveCollision(path, found, target, `${safeComponent(name)}_${study}`);
    this.#ready.add(`${path}\n${study}`);
  }

  /** The name belongs to another study that is still there: use one of its own. Otherwise it is taken over. */
  #resolveCollision(path: string, found: string, target: string, ownName: string): void {
    const foreign = found === 'no link' || (basename(found) !== basename(target) && existsSync(path));
    const free = foreign ? join(dirname(path), safeComponent(ownName)) : path;
    if (foreign && ensureLink(free, target).kind === 'same') return;
    if (!foreign) replaceLink(path, target);
    this.changedFolders.add(dirname(path));
  }

  #linkReport({dataSet, study, series, instance}: Image): void {
    const folder = srs(this.#root, text(dataSet, 0x00080070) || '_', study);
    this.#folder(srsRoot(this.#root), this.#modes.folders);
    this.#folder(dirname(folder), this.#modes.folders);
    this.#folder(folder, this.#modes.leafFolders);
    const target = rawInstance(this.#root, study, series, instance);
    if (ensureLink(join(folder, instance), target).kind !== 'same') this.changedFolders.add(folder);
  }

  #folder(path: string, mode: number): void {
    if (this.#ready.has(path)) return;
    if (ensureFolder(path, mode, this.#modes)) this.changedFolders.add(dirname(path));
    this.#ready.add(path);
  }
}
