import type {WriteRow} from '@fiona/lib/redcap/row';
import {formatRedcapTime} from '@fiona/lib/redcap/time';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import type {TransferOutcome} from './outcome.ts';

/** What the row needs beside the outcome. */
export interface RowFacts {
  readonly snapshotTime: Date;
  readonly seconds: number;
  /** JSON text of the failure, or of what was left out; blank erases an earlier one. */
  readonly message: string;
  readonly timeZone: string;
  /** Columns that the project has (some sites lack optional ones). */
  readonly columns: readonly string[];
}

/** An outcome that REDCap hears of. */
export type EndedTransfer = Exclude<TransferOutcome, {kind: 'postponed'}>;

/**
 * The row that tells REDCap what became of a transfer, for an import that overwrites, so that blanks clear an old message.
 * A transfer date stops the request from being made again: it is set when the attempt has ended for good and the study is here.
 */
export function transferRow(request: TransferRequest, outcome: EndedTransfer, facts: RowFacts): WriteRow {
  const ended = outcome.kind !== 'temporary';
  const dated = outcome.kind === 'done' || (outcome.kind === 'failed' && outcome.onThisMachine);
  const failedIn = outcome.kind === 'done' ? undefined : outcome.stage;
  const values: WriteRow['values'] = {
    transfer_date: dated ? formatRedcapTime(facts.snapshotTime, facts.timeZone) : undefined,
    transfer_mapped_uid: outcome.kind === 'done' ? outcome.mappedStudyUid : undefined,
    transfer_error___1: failedIn === 'anonymization',
    transfer_error___2: failedIn === 'sending',
    // Burned-in text is never rewritten here: such a series fails.
    transfer_error___3: false,
    transfer_active_proc_time: ended ? String(Math.floor(facts.seconds)) : undefined,
    transfer_error_message: facts.message === '' ? null : facts.message,
    transfers_complete: outcome.kind === 'done' ? '2' : '1',
  };
  const known = Object.entries(values).filter(([column]) => facts.columns.includes(column.replace(/___\d$/, '')));
  return {record: request.study, form: 'transfers', instance: request.instance, values: Object.fromEntries(known)};
}
