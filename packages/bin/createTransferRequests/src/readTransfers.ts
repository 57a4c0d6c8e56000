import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import {presentFields} from '@fiona/lib/redcap/fields';
import {notBlank} from '@fiona/lib/redcap/filter';
import {incomingRows, isOutstanding, type Transfer} from '@fiona/lib/redcap/incoming';
import {readView, type ViewState} from '@fiona/lib/redcap/incremental';
import type {Redcap} from '@fiona/lib/redcap/redcap';
import type {Row} from '@fiona/lib/redcap/row';
import type {RequestState} from './state.ts';

export interface Source {
  readonly incoming: Redcap;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
}

/** The transfer rows that may ask for something, by study. */
export interface Transfers {
  readonly byStudy: Map<string, Transfer[]>;
  /** Studies that REDCap was asked about in this run: what is known of them is of this moment. */
  readonly fresh: Set<string>;
  readonly view: ViewState;
}

const wanted = {
  mandatory: [
    'transfer_project_name',
    'transfer_name',
    'transfer_date',
    'transfer_requested_date',
    'transfer_event_name',
    'transfers_complete',
  ],
  optional: [],
};

/**
 * Brings the transfer rows up to date: what has changed since the last run, the studies that are new on disk, once an hour all that it
 * keeps; without a state, or when asked to, all transfers of Incoming.
 * @param onDisk studies below `site/raw`
 * @throws RedcapError
 */
export async function readTransfers(
  source: Source,
  state: RequestState | undefined,
  onDisk: ReadonlySet<string>,
  full: boolean,
): Promise<Transfers> {
  const {incoming, config, clock, log} = source;
  const fields = await presentFields(incoming, wanted, log);
  const complete = full || state?.view === undefined;
  const names = complete ? await incoming.names() : [];
  const byStudy = complete ? new Map<string, Transfer[]>() : transfersByStudy(state.transfers);
  const kept = [...new Set([...onDisk, ...byStudy.keys()])];
  const {overlapSeconds, reconcileMinutes} = config.REDCAP;
  const answer = await readView(incoming, {
    query: {fields},
    state: state?.view,
    full: complete,
    fullRecords: complete ? [] : kept,
    overlapSeconds,
    reconcileMinutes,
    clock,
    log,
  });
  // another REDCap: nothing that is kept means anything there
  if (answer.reason === 'other query or project') return readTransfers(source, undefined, onDisk, true);
  const transfers = {byStudy, fresh: new Set<string>(), view: answer.next};
  if (complete) {
    // the only pass that finds what is outstanding for studies that never were on this machine
    const filter = notBlank('transfer_project_name');
    for await (const rows of incoming.readChunks({fields, records: names, filter})) replace(transfers, rows, []);
    return transfers;
  }
  replace(transfers, answer.rows, answer.pass === 'full' ? kept : []);
  const before = new Set(state.onDisk);
  await refresh(
    source,
    transfers,
    [...onDisk].filter(study => !before.has(study)),
  );
  return transfers;
}

/**
 * Asks REDCap about studies that were not part of an answer in this run.
 * @throws RedcapError
 */
export async function refresh(
  {incoming, log}: Source,
  transfers: Transfers,
  studies: readonly string[],
): Promise<void> {
  const names = [...new Set(studies)].filter(study => !transfers.fresh.has(study));
  if (names.length === 0) return;
  const rows = await incoming.read({fields: await presentFields(incoming, wanted, log), records: names});
  replace(transfers, rows, names);
}

/** What is worth remembering: rows of studies on disk, and outstanding ones of any study. */
export function remembered({byStudy}: Transfers, onDisk: ReadonlySet<string>): Transfer[] {
  return [...byStudy].flatMap(([study, transfers]) =>
    onDisk.has(study) ? transfers : transfers.filter(isOutstanding),
  );
}

/** The rows of a record replace all that was known of it; a record that was asked for and did not come does not exist. */
function replace({byStudy, fresh}: Transfers, rows: readonly Row[], asked: readonly string[]): void {
  const found = transfersByStudy(incomingRows(rows).transfers);
  for (const study of new Set([...asked, ...rows.map(({record}) => record)])) {
    fresh.add(study);
    const transfers = found.get(study);
    if (transfers) byStudy.set(study, transfers);
    else byStudy.delete(study);
  }
}

function transfersByStudy(transfers: readonly Transfer[]): Map<string, Transfer[]> {
  const byStudy = new Map<string, Transfer[]>();
  for (const transfer of transfers) {
    const found = byStudy.get(transfer.study);
    if (found) found.push(transfer);
    else byStudy.set(transfer.study, [transfer]);
  }
  return byStudy;
}
