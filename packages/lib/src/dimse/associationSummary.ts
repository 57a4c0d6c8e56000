import {printable} from './peer.ts';
import type {AssociationEnd, AssociationInfo} from './services.ts';

/**
 * The one line that tells of an association when it is over: who, what was stored, how much, how long. Nothing of a patient.
 * `association 7: CT1 (192.0.2.5) -> FIONA: released, stored 98, failed 2 (A700 x 2), 51548000 bytes, 3.1 s`
 */
export function associationSummary(association: AssociationInfo, end: AssociationEnd): string {
  const {id, callingAeTitle, calledAeTitle, address, tls} = association;
  const from = tls === undefined ? address : `${address}, ${tls}`;
  const isRequested = callingAeTitle !== '' || calledAeTitle !== '';
  const who = isRequested ? `${printable(callingAeTitle)} (${from}) -> ${printable(calledAeTitle)}` : from;
  const sums = `stored ${end.stored}, failed ${end.failed}${failures(end.statuses)}, ${end.bytes} bytes`;
  const detail = end.kind === 'released' ? '' : `: ${end.detail}`;
  return `association ${id}: ${who}: ${end.kind}, ${sums}, ${(end.milliseconds / 1000).toFixed(1)} s${detail}`;
}

/** ` (A700 x 2, C000 x 1)`: every status that was answered but success. */
function failures(statuses: ReadonlyMap<number, number>): string {
  const parts = [...statuses]
    .filter(([status]) => status !== 0)
    .map(([status, count]) => `${status.toString(16).toUpperCase().padStart(4, '0')} x ${count}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
