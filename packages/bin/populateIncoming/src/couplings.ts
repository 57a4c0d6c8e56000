import type {CouplingEntry} from '@fiona/lib/redcap/couplingList';
import {recordOrder} from '@fiona/lib/redcap/routing';
import {type Coupling, type CouplingIndex, type Destination, indexCouplings} from '@fiona/lib/transfers/coupling';
import {fingerprint} from './fingerprint.ts';

/**
 * An entry of the coupling list as the state keeps it: one line of record id and fingerprints. Thousands of them are carried from run
 * to run without ever being taken apart.
 */
export type CouplingLine = string;

/** The same taken apart: everything but the record id is a fingerprint. */
export type HashedCoupling = Coupling;

const separator = '\t';

export function couplingLine({id, accession, studyUid, project, subject, event}: CouplingEntry): CouplingLine {
  return [id, ...[accession, studyUid, project, subject, event].map(fingerprint)].join(separator);
}

export function hashedCoupling(line: CouplingLine): HashedCoupling {
  const [id = '', accession = '', studyUid = '', project = '', subject = '', event = ''] = line.split(separator);
  return {id, order: recordOrder(id), accession, studyUid, project, subject, event};
}

/** A transfer in the same form, to compare with entries. */
export function hashDestination({project, name, event}: Destination): Destination {
  return {project: fingerprint(project), name: fingerprint(name), event: fingerprint(event)};
}

/** The coupling list by now, and which of its entries are new or different. */
export interface CouplingNews {
  readonly couplings: readonly CouplingLine[];
  readonly changed: readonly CouplingLine[];
}

/**
 * Brings the list up to date.
 * @param found entries that REDCap gave; on a full pass the whole list, so that entries it lacks were deleted
 */
export function mergeCouplings(
  known: readonly CouplingLine[],
  found: readonly CouplingLine[],
  pass: 'full' | 'changes',
): CouplingNews {
  if (pass === 'changes' && found.length === 0) return {couplings: known, changed: []};
  const before = new Set(known);
  const changed = found.filter(line => !before.has(line));
  const list = pass === 'full' ? new Map<string, CouplingLine>() : new Map(known.map(line => [idOf(line), line]));
  for (const line of found) list.set(idOf(line), line);
  return {couplings: [...list.values()], changed};
}

/** The list ready for matching, made when it is first needed: most runs match nothing. */
export function lazyIndex(lines: readonly CouplingLine[]): () => CouplingIndex<HashedCoupling> {
  let index: CouplingIndex<HashedCoupling> | undefined;
  return () => {
    index ??= indexCouplings(lines.map(hashedCoupling));
    return index;
  };
}

function idOf(line: CouplingLine): string {
  return line.slice(0, line.indexOf(separator));
}
