import type {CouplingEntry} from '@fiona/lib/redcap/couplingList';
import type {Coupling, Destination} from '@fiona/lib/transfers/coupling';
import {fingerprint} from './fingerprint.ts';

/** An entry of the coupling list as the state keeps it: everything but the record id only as a fingerprint. */
export type HashedCoupling = Coupling;

export function hashCoupling(entry: CouplingEntry): HashedCoupling {
  return {
    id: entry.id,
    order: entry.order,
    accession: fingerprint(entry.accession),
    studyUid: fingerprint(entry.studyUid),
    project: fingerprint(entry.project),
    subject: fingerprint(entry.subject),
    event: fingerprint(entry.event),
  };
}

/** A transfer in the same form, to compare with entries. */
export function hashDestination({project, name, event}: Destination): Destination {
  return {project: fingerprint(project), name: fingerprint(name), event: fingerprint(event)};
}

export function sameCoupling(a: Coupling, b: Coupling): boolean {
  return (
    a.id === b.id &&
    a.accession === b.accession &&
    a.studyUid === b.studyUid &&
    a.project === b.project &&
    a.subject === b.subject &&
    a.event === b.event
  );
}

/** The coupling list by now, and which of its entries are new or different. */
export interface CouplingNews {
  readonly entries: readonly HashedCoupling[];
  readonly changed: readonly HashedCoupling[];
}

/**
 * Brings the list up to date.
 * @param found entries that REDCap gave; on a full pass the whole list, so that entries it lacks were deleted
 */
export function mergeCouplings(
  known: readonly HashedCoupling[],
  found: readonly HashedCoupling[],
  pass: 'full' | 'changes',
): CouplingNews {
  const before = new Map(known.map(entry => [entry.id, entry]));
  const changed = found.filter(entry => {
    const earlier = before.get(entry.id);
    return earlier === undefined || !sameCoupling(earlier, entry);
  });
  const now = pass === 'full' ? new Map<string, HashedCoupling>() : before;
  for (const entry of found) now.set(entry.id, entry);
  return {entries: [...now.values()], changed};
}
