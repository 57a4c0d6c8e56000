import type {Uid} from '@fiona/lib/dicom/uid';
import type {CouplingEntry} from '@fiona/lib/redcap/couplingList';
import {isRequest, seriesKey, transferKey} from '@fiona/lib/redcap/incoming';
import type {WriteRow} from '@fiona/lib/redcap/row';
import {
  distinctArrivals,
  type ReadyRule,
  type RefusedTransfer,
  type Routed,
  type RuleProblem,
  routeStudy,
} from '@fiona/lib/transfers/routing';
import type {RecordOutline, StudyRecord} from './record.ts';
import {baseRow, changedSeriesValues, seriesValues} from './rows.ts';
import type {SeriesSummary} from './seriesSummary.ts';

/** What is known of one study. */
export interface StudyFacts {
  readonly study: Uid;
  /** Its readable series, in their order. */
  readonly summaries: readonly SeriesSummary[];
  /** What Incoming holds of it, looked up just now. */
  readonly record: StudyRecord;
  /** Coupling entries whose transfer is missing. */
  readonly couplings: readonly CouplingEntry[];
}

export interface Circumstances {
  readonly rules: readonly ReadyRule[];
  /** Project whose rules are applied to all series, not only to new ones. */
  readonly importAll: string | undefined;
  /** `YYYY-MM-DD HH:MM` in the zone of REDCap's dates. */
  readonly now: string;
  /** Whether the project Incoming has the field `study_arrival_date`. */
  readonly hasArrivalDate: boolean;
}

/** A transfer to be created. */
export interface NewTransfer {
  readonly instance: number;
  readonly project: string;
  readonly name: string;
  readonly event: string;
  readonly by: 'coupling' | 'routing';
  /** Record id of the coupling entry or routing rule. */
  readonly rule: string;
}

/** All that shall be written for one study, in one import: REDCap takes its rows together or not at all. */
export interface StudyPlan {
  readonly study: Uid;
  readonly rows: readonly WriteRow[];
  readonly newSeries: number;
  readonly changedSeries: number;
  readonly transfers: readonly NewTransfer[];
  readonly refused: readonly RefusedTransfer[];
  readonly failedRules: readonly RuleProblem[];
  /** The record as it will be. */
  readonly outcome: RecordOutline;
}

/** The series that Incoming does not know yet. */
export function newSeriesOf(summaries: readonly SeriesSummary[], record: StudyRecord): SeriesSummary[] {
  const registered = new Set(record.series.map(({seriesUid}) => seriesUid));
  return summaries.filter(({series}) => !registered.has(series));
}

/**
 * Decides what Incoming shall hold of a study: rows of new and changed series, the blanks of the base row, transfers by coupling list and
 * routing rules. New instances get the numbers after the highest one in Incoming, whether its files are still on disk or not.
 */
export function planStudy(facts: StudyFacts, circumstances: Circumstances): StudyPlan {
  const {study, summaries, record} = facts;
  const fresh = newSeriesOf(summaries, record);
  const routed = route(facts, fresh, circumstances);
  const addedSeries = numbered(fresh, record.series, (summary, instance) => ({instance, summary}));
  const changed = changedSeries(summaries, record);
  const transfers = numbered(
    [
      ...facts.couplings.map(({id, project, subject, event}) => ({
        project,
        name: subject,
        event,
        by: 'coupling' as const,
        rule: id,
      })),
      ...routed.transfers.map(transfer => ({...transfer, by: 'routing' as const})),
    ],
    record.transfers,
    (transfer, instance): NewTransfer => ({instance, ...transfer}),
  );
  const base =
    summaries.length === 0 ? undefined : baseRow(record.base, summaries, {...circumstances, isNew: fresh.length > 0});
  return {
    study,
    rows: [
      ...(base ? [{record: study, values: base}] : []),
      ...changed.map(({instance, values}) => ({...seriesKey(study, instance), values})),
      ...addedSeries.map(({instance, summary}) => ({
        ...seriesKey(study, instance),
        values: {...seriesValues(summary), series_complete: '2'},
      })),
      ...transfers.map(transfer => ({
        ...transferKey(study, transfer.instance),
        values: transferValues(transfer, circumstances.now),
      })),
    ],
    newSeries: fresh.length,
    changedSeries: changed.length,
    transfers,
    refused: routed.refused,
    failedRules: routed.failed,
    outcome: {
      series: [...record.series, ...addedSeries.map(({instance, summary}) => ({instance, seriesUid: summary.series}))],
      transfers: [...record.transfers, ...transfers],
    },
  };
}

/** Rules see the arrivals of new series only; with `--importAll` the rules of that project see those of all series. */
function route(
  {summaries, record, couplings}: StudyFacts,
  fresh: readonly SeriesSummary[],
  circumstances: Circumstances,
): Routed {
  const {rules, importAll} = circumstances;
  const taken = new Set([...record.transfers.filter(isRequest), ...couplings].map(({project}) => project));
  const ofProject = rules.filter(({rule}) => rule.project === importAll);
  const others = rules.filter(({rule}) => rule.project !== importAll);
  const byOthers = routeStudy(others, distinctArrivals(fresh), taken);
  const byProject = routeStudy(ofProject, distinctArrivals(summaries), taken);
  return {
    transfers: [...byOthers.transfers, ...byProject.transfers],
    refused: [...byOthers.refused, ...byProject.refused],
    failed: [...byOthers.failed, ...byProject.failed],
  };
}

function changedSeries(summaries: readonly SeriesSummary[], record: StudyRecord) {
  const bySeries = new Map(summaries.map(summary => [summary.series as string, summary]));
  return record.series.flatMap(row => {
    const summary = bySeries.get(row.seriesUid);
    const values = summary && changedSeriesValues(row, summary);
    // of a series that was registered twice only the first instance is kept up to date
    bySeries.delete(row.seriesUid);
    return values ? [{instance: row.instance, values}] : [];
  });
}

/** Gives items the instance numbers after the highest one there is. */
function numbered<Item, Result>(
  items: readonly Item[],
  existing: readonly {instance: number}[],
  make: (item: Item, instance: number) => Result,
): Result[] {
  const highest = existing.reduce((most, {instance}) => Math.max(most, instance), 0);
  return items.map((item, index) => make(item, highest + 1 + index));
}

function transferValues({project, name, event}: NewTransfer, now: string): Record<string, string> {
  return {
    transfer_requested_date: now,
    transfer_project_name: project,
    transfer_name: name,
    ...(event !== '' && {transfer_event_name: event}),
  };
}
