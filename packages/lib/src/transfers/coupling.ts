import type {CouplingEntry} from '../redcap/couplingList.ts';
import {byOrder} from '../redcap/routing.ts';

/**
 * An entry of the coupling list, as far as the rules need it: a human says which subject of which project a study is, by accession
 * number or StudyInstanceUID, before or after the images arrive. Texts are trimmed. The rules only ask for equality
 * and blankness, so they hold as well for hashed texts as long as a blank stays a blank.
 */
export type Coupling = Pick<CouplingEntry, 'id' | 'order' | 'accession' | 'studyUid' | 'project' | 'subject' | 'event'>;

/** What the coupling list knows a study by. */
export interface CoupledStudy {
  readonly uid: string;
  readonly accession: string;
}

/** What makes two transfers of a study the same. */
export interface Destination {
  readonly project: string;
  readonly name: string;
  readonly event: string;
}

/** Entries by accession number and by StudyInstanceUID, for thousands of entries and studies. */
export interface CouplingIndex<Entry extends Coupling = Coupling> {
  readonly byAccession: ReadonlyMap<string, readonly Entry[]>;
  readonly byStudy: ReadonlyMap<string, readonly Entry[]>;
}

/** An entry counts when it names a project and a subject. */
export function isUsable(entry: Coupling): boolean {
  return entry.project !== '' && entry.subject !== '';
}

/** Index of the usable entries. A blank accession number or UID matches nothing. */
export function indexCouplings<Entry extends Coupling>(entries: Iterable<Entry>): CouplingIndex<Entry> {
  const byAccession = new Map<string, Entry[]>();
  const byStudy = new Map<string, Entry[]>();
  for (const entry of entries) {
    if (!isUsable(entry)) continue;
    if (entry.accession !== '') pushTo(byAccession, entry.accession, entry);
    if (entry.studyUid !== '') pushTo(byStudy, entry.studyUid, entry);
  }
  return {byAccession, byStudy};
}

/** What the coupling list says about a study. */
export interface Couplings<Entry extends Coupling> {
  /** One entry a project, oldest first. */
  readonly valid: readonly Entry[];
  /** Older entries for a project that has a newer one. */
  readonly superseded: readonly Entry[];
}

/** The newest matching entry of each project counts; older ones of the same project are superseded. */
export function couplingsOf<Entry extends Coupling>(
  index: CouplingIndex<Entry>,
  study: CoupledStudy,
): Couplings<Entry> {
  const matching = new Set([
    ...(index.byAccession.get(study.accession) ?? []),
    ...(index.byStudy.get(study.uid) ?? []),
  ]);
  const newest = new Map<string, Entry>();
  const superseded: Entry[] = [];
  for (const entry of [...matching].sort(byOrder)) {
    const older = newest.get(entry.project);
    if (older !== undefined) superseded.push(older);
    newest.delete(entry.project);
    newest.set(entry.project, entry);
  }
  return {valid: [...newest.values()], superseded};
}

/** The entries for which the study has no transfer with the same project, name and event yet, compared exactly. */
export function missingTransfers<Entry extends Coupling>(
  entries: readonly Entry[],
  existing: readonly Destination[],
): Entry[] {
  return entries.filter(
    ({project, subject, event}) =>
      !existing.some(transfer => transfer.project === project && transfer.name === subject && transfer.event === event),
  );
}

function pushTo<Entry>(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const entries = map.get(key);
  if (entries) entries.push(entry);
  else map.set(key, [entry]);
}
