import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {shortHash} from '@fiona/lib/cli/shortHash';
import type {Uid} from '@fiona/lib/dicom/uid';
import {rawStudy} from '@fiona/lib/site/layout';
import {parseSeriesJson} from '@fiona/lib/site/seriesJson';
import type {Image} from './image.ts';
import type {IndexedSite} from './site.ts';

/** Reports studies that hold instances of more than one patient: the StudyInstanceUID was used twice, or data were mixed up. */
export class PatientWatch {
  readonly #site: IndexedSite;
  /** Study -> patient of its first series, as far as known. */
  readonly #patients = new Map<Uid, string | undefined>();
  readonly #reported = new Set<string>();

  constructor(site: IndexedSite) {
    this.#site = site;
  }

  /**
   * Looks at one image.
   * @param ofSeries PatientID in the summary of its series
   */
  see({study, series}: Pick<Image, 'study' | 'series'>, patientId: string, ofSeries: unknown): void {
    if (!this.#patients.has(study))
      this.#patients.set(study, typeof ofSeries === 'string' ? ofSeries : this.#ofStudy(study));
    const known = this.#patients.get(study);
    if (known === undefined) this.#patients.set(study, patientId);
    if (known === undefined || known.trim() === patientId.trim()) return;
    const key = `${study}\n${patientId}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    const hashes = `${shortHash(known)}, ${shortHash(patientId)}`;
    this.#site.log.warn(`study ${study} holds instances of two patients (${hashes}), series ${series}: both are kept`);
  }

  /** The patient of the first series that has a summary. */
  #ofStudy(study: Uid): string | undefined {
    const folder = rawStudy(this.#site.root, study);
    for (const name of readdirSync(folder).sort()) {
      if (name.startsWith('.') || !name.endsWith('.json')) continue;
      try {
        return parseSeriesJson(name, readFileSync(join(folder, name), 'utf8')).PatientID ?? '';
      } catch {
        // unreadable summaries are dealt with when an image of their series comes
      }
    }
    return undefined;
  }
}
