import {isGood, type Transfer} from '@fiona/lib/redcap/incoming';
import {trimmed} from '@fiona/lib/redcap/routing';
import {parseRedcapTime} from '@fiona/lib/redcap/time';
import type {TransferRequest} from '@fiona/lib/transfers/request';

/**
 * Whether a request still says what REDCap says.
 * - `already-done`: the instances and the row are there, only the file was not moved (killed in between)
 * - `obsolete`: corrected or deleted in REDCap; an old file must not send under the old name
 */
export type Wanted = 'wanted' | 'already-done' | 'obsolete';

/**
 * Compares a request with the transfer rows of its study.
 * @param modified when the request file was written
 * @param options.requireRow whether a request without its row is obsolete
 */
export function wantedBy(
  request: TransferRequest,
  modified: Date,
  transfers: readonly Transfer[],
  {requireRow, timeZone}: {readonly requireRow: boolean; readonly timeZone: string},
): Wanted {
  const row = transfers.find(({study, instance}) => study === request.study && instance === request.instance);
  if (row === undefined) return requireRow ? 'obsolete' : 'wanted';
  const same = (a: string, b: string): boolean => trimmed(a) === trimmed(b);
  if (!same(row.project, request.project) || !same(row.name, request.name) || !same(row.event, request.event)) {
    return 'obsolete';
  }
  const done = row.date === undefined ? undefined : parseRedcapTime(row.date, timeZone);
  // Dates have minutes only: within the minute of the request the date may stem from the transfer before; sending twice is harmless.
  const minuteOfRequest = Math.floor(modified.getTime() / 60_000) * 60_000;
  return done !== undefined && isGood(row) && done.getTime() > minuteOfRequest ? 'already-done' : 'wanted';
}
