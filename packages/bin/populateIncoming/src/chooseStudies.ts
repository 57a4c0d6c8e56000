import type {Uid} from '@fiona/lib/dicom/uid';
import {type CouplingIndex, couplingsOf, missingTransfers} from '@fiona/lib/transfers/coupling';
import {type CouplingLine, type HashedCoupling, hashDestination, lazyIndex} from './couplings.ts';
import {fingerprint} from './fingerprint.ts';
import {noRecord, recordDigest, type StudyRecord} from './record.ts';
import type {StudyFiles} from './sortSeries.ts';
import type {KnownStudy} from './state.ts';

/** All that decides which studies a run looks at. */
export interface Findings {
  readonly studies: ReadonlyMap<Uid, StudyFiles>;
  readonly known: Readonly<Record<string, KnownStudy>>;
  readonly pending: readonly Uid[];
  readonly couplings: readonly CouplingLine[];
  readonly changedCouplings: readonly CouplingLine[];
  /** What Incoming says of the studies it was asked for, as far as they have changed. */
  readonly records: ReadonlyMap<string, StudyRecord>;
  /** Studies of which Incoming was asked for everything: what is not in `records` is not in Incoming. */
  readonly compared: ReadonlySet<Uid>;
  /** Every study, with `--importAll`. */
  readonly all: boolean;
  /** Studies that REDCap refused in their present form. */
  readonly refused: ReadonlySet<Uid>;
}

export interface Choice {
  /** Studies with something to do, sorted. */
  readonly work: readonly Uid[];
  /** Registered studies whose record was changed by others in a way that asks for nothing: its new digest. */
  readonly noted: ReadonlyMap<Uid, string>;
}

/**
 * The studies with something to do: with new or changed series, matched by a new coupling entry, left over from an earlier run, or
 * whose record in Incoming lacks a series or a coupled transfer.
 */
export function chooseStudies(findings: Findings): Choice {
  const work = new Set<Uid>();
  const noted = new Map<Uid, string>();
  const index = lazyIndex(findings.couplings);
  const pending = new Set(findings.pending);
  const coupled = coupledStudies(findings);
  for (const files of findings.studies.values()) {
    const {study} = files;
    if (files.settled.size === 0 || findings.refused.has(study)) continue;
    const known = findings.known[study];
    const hasNews = known === undefined || known.files !== files.version;
    if (hasNews || findings.all || pending.has(study) || coupled.has(study)) work.add(study);
    else {
      const record = findings.records.get(study) ?? (findings.compared.has(study) ? noRecord : undefined);
      if (record === undefined) continue;
      if (lacksSomething(files, known, record, index())) work.add(study);
      else if (recordDigest(record) !== known.record) noted.set(study, recordDigest(record));
    }
  }
  return {work: [...work].sort(), noted};
}

/** Registered studies that a new or changed coupling entry names. */
function coupledStudies({changedCouplings, known}: Findings): Set<string> {
  const found = new Set<string>();
  if (changedCouplings.length === 0) return found;
  const index = lazyIndex(changedCouplings)();
  for (const [study, {accession}] of Object.entries(known)) {
    if (couplingsOf(index, {uid: fingerprint(study), accession}).valid.length > 0) found.add(study);
  }
  return found;
}

function lacksSomething(
  {study, settled}: StudyFiles,
  known: KnownStudy,
  record: StudyRecord,
  index: CouplingIndex<HashedCoupling>,
): boolean {
  if (recordDigest(record) === known.record) return lacksTransfer(study, known, record, index);
  const registered = new Set(record.series.map(({seriesUid}) => seriesUid));
  return [...settled.keys()].some(series => !registered.has(series)) || lacksTransfer(study, known, record, index);
}

function lacksTransfer(
  study: Uid,
  {accession}: KnownStudy,
  {transfers}: StudyRecord,
  index: CouplingIndex<HashedCoupling>,
): boolean {
  const {valid} = couplingsOf(index, {uid: fingerprint(study), accession});
  return valid.length > 0 && missingTransfers(valid, transfers.map(hashDestination)).length > 0;
}
