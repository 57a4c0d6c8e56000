import {asUid, type Uid} from '@fiona/lib/dicom/uid';
import {isFinished, isRequest, type Transfer} from '@fiona/lib/redcap/incoming';
import {parseRedcapTime} from '@fiona/lib/redcap/time';
import type {TransferRequest} from '@fiona/lib/transfers/request';

/** What lies on disk of a study. */
export interface StudyOnDisk {
  /** Modification time (ms) of its newest series summary; undefined when there is none yet. */
  readonly newest: number | undefined;
  /** False: its links lead nowhere any more, the archive folder is gone. */
  readonly archived: boolean;
}

export interface Circumstances {
  readonly nowMs: number;
  /** A study must be quiet this long before it is sent. */
  readonly quietSeconds: number;
  /** Zone of REDCap's dates. */
  readonly timeZone: string;
}

export type Decision =
  /** Project or name is blank: nobody asks for anything. */
  | {readonly kind: 'no-request'}
  /** The row makes no sense. */
  | {readonly kind: 'set-aside'; readonly reason: string; readonly detail: string}
  /** Sent, and nothing has come since. */
  | {readonly kind: 'done'}
  /** The study is not here, which has been reported already. */
  | {readonly kind: 'no-data'}
  /** The study is still arriving, or not indexed yet. */
  | {readonly kind: 'arriving'}
  | {
      readonly kind: 'request';
      readonly request: TransferRequest;
      /** When it was sent before and has new series: newest summary and last transfer. */
      readonly again?: {readonly newest: Date; readonly transferred: Date};
    };

/**
 * What a transfer row asks for; the first line of this table that applies. Sending too much is fine, sending a part is not.
 * @param disk undefined when `site/raw` has no folder of the study
 */
export function decide(transfer: Transfer, disk: StudyOnDisk | undefined, circumstances: Circumstances): Decision {
  if (!isRequest(transfer)) return {kind: 'no-request'};
  const study = asUid(transfer.study);
  if (study === undefined || study !== transfer.study)
    return setAside('invalid-uid', 'The record name is no valid UID.');
  if (!Number.isSafeInteger(transfer.instance) || transfer.instance < 1)
    return setAside('invalid-instance', 'The instance is no number from 1.');
  const finished = isFinished(transfer);
  const transferred = parseRedcapTime(transfer.date ?? '', circumstances.timeZone);
  if (finished && transferred === undefined)
    return setAside('invalid-date', 'transfer_date is no date YYYY-MM-DD HH:MM.');
  if (disk === undefined) {
    if (finished) return {kind: 'done'};
    if (transfer.complete === '1') return {kind: 'no-data'};
    return request(transfer, study);
  }
  // reported as gone already: only its links are left, until they are cleared away
  if (!disk.archived && !finished && transfer.complete === '1') return {kind: 'no-data'};
  if (disk.newest === undefined) return {kind: 'arriving'};
  if (circumstances.nowMs - disk.newest < circumstances.quietSeconds * 1000) return {kind: 'arriving'};
  if (transferred === undefined) return request(transfer, study);
  if (disk.newest <= transferred.getTime()) return {kind: 'done'};
  return {...request(transfer, study), again: {newest: new Date(disk.newest), transferred}};
}

function request(transfer: Transfer, study: Uid): Extract<Decision, {kind: 'request'}> {
  const {instance, project, name, event, requestedDate = '', date = ''} = transfer;
  return {kind: 'request', request: {study, instance, project, name, event, requestedDate, transferDate: date}};
}

function setAside(reason: string, detail: string): Decision {
  return {kind: 'set-aside', reason, detail};
}

/** Studies that are asked for in one project under several names: the same UIDs under two patients. */
export function doublyNamed(requests: readonly TransferRequest[]): {study: Uid; project: string}[] {
  const names = new Map<string, {study: Uid; project: string; names: Set<string>}>();
  for (const {study, project, name} of requests) {
    const key = JSON.stringify([study, project]);
    const found = names.get(key) ?? {study, project, names: new Set()};
    found.names.add(name);
    names.set(key, found);
  }
  return [...names.values()].filter(found => found.names.size > 1).map(({study, project}) => ({study, project}));
}
