import {exitCode} from '@fiona/lib/cli/exitCode';
import type {Outcome} from '@fiona/lib/cli/runTool';
import {shortHash} from '@fiona/lib/cli/shortHash';
import type {SetAside} from '@fiona/lib/fs/setAside';
import type {Disk} from './disk.ts';
import type {PlannedStudy} from './planStudies.ts';

/** What is to be told of a run. */
export interface RunFacts {
  readonly disk: Disk;
  /** Studies with something to do. */
  readonly studies: number;
  /** Those of them with rows to write. */
  readonly planned: readonly PlannedStudy[];
  /** Studies that REDCap did not confirm. */
  readonly pending: number;
  readonly setAside: SetAside;
  readonly dryRun: boolean;
}

/** Counts for the summary line, result for `--json`, plan for people. 69 when REDCap did not confirm everything, 65 when something was set aside. */
export function outcomeOf({disk, studies, planned, pending, setAside, dryRun}: RunFacts): Outcome {
  const total = (value: (study: PlannedStudy) => number) => planned.reduce((sum, study) => sum + value(study), 0);
  const counts = {
    series: disk.series,
    waiting: disk.young.length,
    studies,
    new_series: total(({plan}) => plan.newSeries),
    changed_series: total(({plan}) => plan.changedSeries),
    transfers: total(({plan}) => plan.transfers.length),
    pending,
    set_aside: setAside.noted,
  };
  return {
    counts,
    exitCode: pending > 0 ? exitCode.unavailable : setAside.noted > 0 ? exitCode.badData : exitCode.ok,
    json: {...counts, studies: planned.map(studyResult), setAside: setAside.list()},
    ...(dryRun && {lines: planned.flatMap(planLines)}),
  };
}

/** One study for `--json`; pseudonyms only as a hash, they may be what the patient is called. */
function studyResult({plan}: PlannedStudy): object {
  return {
    study: plan.study,
    newSeries: plan.newSeries,
    changedSeries: plan.changedSeries,
    transfers: plan.transfers.map(({instance, project, name, event, by, rule}) => ({
      instance,
      project,
      name: shortHash(name),
      event,
      by,
      rule,
    })),
  };
}

/** The plan of one study for people; nothing when there is nothing to write. */
function planLines({plan}: PlannedStudy): string[] {
  if (plan.rows.length === 0) return [];
  return [
    `${plan.study}: register ${plan.newSeries} new series, update ${plan.changedSeries}`,
    ...plan.transfers.map(
      ({instance, project, name, event, by, rule}) =>
        `  transfer ${instance} to ${project} as ${shortHash(name)}${event === '' ? '' : `, event ${event}`} (${by} ${rule})`,
    ),
  ];
}
