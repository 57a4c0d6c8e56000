import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import type {Uid} from '@fiona/lib/dicom/uid';
import {type CouplingEntry, couplingEntries, couplingFields} from '@fiona/lib/redcap/couplingList';
import {incomingRows} from '@fiona/lib/redcap/incoming';
import {readView, type ViewState} from '@fiona/lib/redcap/incremental';
import type {Redcap} from '@fiona/lib/redcap/redcap';
import {type CouplingLine, couplingLine, mergeCouplings} from './couplings.ts';
import {recordsByStudy, type StudyRecord} from './record.ts';
import type {SortedSeries} from './sortSeries.ts';
import type {PopulateState} from './state.ts';

/** What has changed in REDCap since the last run. */
export interface News {
  /** The coupling list by now. */
  readonly couplings: readonly CouplingLine[];
  readonly changedCouplings: readonly CouplingLine[];
  /** Entries that came in this run, in clear, by record id. */
  readonly entries: ReadonlyMap<string, CouplingEntry>;
  readonly couplingView: ViewState;
  /** Records of Incoming that have changed, or all that were asked for on a full pass. */
  readonly records: ReadonlyMap<string, StudyRecord>;
  /** Studies that were asked for by name. */
  readonly compared: ReadonlySet<Uid>;
  readonly incomingView: ViewState;
  readonly isFullPass: boolean;
}

/** The columns of Incoming by which a run knows whether it has anything to do. */
const outlineFields = ['series_instance_uid', 'transfer_project_name', 'transfer_name', 'transfer_event_name'];

/**
 * Asks the coupling list and Incoming for what has changed: two calls. A full pass asks Incoming for the registered studies on disk;
 * studies with new or changed series are looked up later in any case.
 * @throws RedcapError
 */
export async function readNews(
  {
    config,
    incoming,
    couplingList,
    clock,
    log,
  }: {config: Config; incoming: Redcap; couplingList: Redcap; clock: Clock; log: Log},
  state: PopulateState,
  {studies}: SortedSeries,
  full: boolean,
): Promise<News> {
  const {overlapSeconds, reconcileMinutes} = config.REDCAP;
  const common = {full, overlapSeconds, reconcileMinutes, clock, log};
  const list = await readView(couplingList, {
    ...common,
    query: {fields: await couplingFields(couplingList, log)},
    state: state.couplingView,
  });
  const registered = [...studies.values()]
    .filter(({study, settled, version}) => settled.size > 0 && state.studies[study]?.files === version)
    .map(({study}) => study);
  const changes = await readView(incoming, {
    ...common,
    query: {fields: outlineFields},
    state: state.incomingView,
    fullRecords: registered,
  });
  const entries = couplingEntries(list.rows);
  const merged = mergeCouplings(state.couplings, entries.map(couplingLine), list.pass);
  const isChanged = new Set(merged.changed);
  for (const entry of entries) {
    const lacksSubject = entry.project !== '' && entry.subject === '';
    if (lacksSubject && isChanged.has(couplingLine(entry)))
      log.warn(`CouplingList record ${entry.id} has no subject: ignored`);
  }
  return {
    couplings: merged.couplings,
    changedCouplings: merged.changed,
    entries: new Map(entries.map(entry => [entry.id, entry])),
    couplingView: list.next,
    records: recordsByStudy(incomingRows(changes.rows)),
    compared: new Set(changes.pass === 'full' ? registered : []),
    incomingView: changes.next,
    isFullPass: changes.pass === 'full',
  };
}
