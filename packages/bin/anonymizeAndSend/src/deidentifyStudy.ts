import {openProgress} from '@fiona/lib/cli/progress';
import {DeidError} from '@fiona/lib/deid/deidError';
import type {DeidFile, FileOutcome} from '@fiona/lib/deid/fileTask';
import {deidentifyFiles} from '@fiona/lib/deid/pool';
import {type DeidReport, deidReport} from '@fiona/lib/deid/report';
import type {DeidRequest, PixelGate} from '@fiona/lib/deid/request';
import type {RunContext} from './context.ts';
import {ProjectRefused} from './projectRefused.ts';
import {isBurned, type SeriesPlan} from './seriesPlan.ts';

/** What became of the instances of a study, and the report that goes beside the request. */
export interface DeidentifiedStudy {
  readonly outcomes: readonly FileOutcome[];
  readonly report: DeidReport;
}

/**
 * De-identifies all instances of the plan into `folder`.
 * @throws ProjectRefused when the configured profile cannot be used; the signal's reason when we were asked to stop
 */
export async function deidentifyStudy(
  plan: readonly SeriesPlan[],
  deid: DeidRequest,
  folder: string,
  {config, signal, clock, quiet}: Pick<RunContext, 'config' | 'signal' | 'clock' | 'quiet'>,
): Promise<DeidentifiedStudy> {
  const begun = clock.monotonic();
  try {
    const files = filesOf(plan);
    const progress = openProgress('de-identify', files.length, {quiet});
    let count = 0;
    const run = await deidentifyFiles(files, deid, folder, {
      workers: config.ANONYMIZER.workers,
      signal,
      onOutcome: () => progress.done(++count),
    }).finally(() => progress.end());
    const report = deidReport(deid, run, (clock.monotonic() - begun) / 1000);
    return {outcomes: run.outcomes, report: withSkippedSeries(report, plan)};
  } catch (error) {
    if (!(error instanceof DeidError)) throw error;
    throw new ProjectRefused(`project ${deid.project}: ${error.message}`, {cause: error});
  }
}

/**
 * A file once, also when an older link leads to it from another series (its series was changed and it was sent again): it may pass the pixel
 * gate only as all of them may.
 */
function filesOf(plan: readonly SeriesPlan[]): DeidFile[] {
  const gates = new Map<string, PixelGate>();
  for (const one of plan) {
    if (one.kind !== 'send') continue;
    for (const {path} of one.series.instances) {
      const {cleared = true, burned = false} = gates.get(path) ?? {};
      gates.set(path, {cleared: cleared && one.cleared, burned: burned || isBurned(one.series)});
    }
  }
  return [...gates].map(([path, pixelGate]) => ({path, pixelGate}));
}

/** Series that the project does not want were never looked at, but belong to what the study had. */
function withSkippedSeries(report: DeidReport, plan: readonly SeriesPlan[]): DeidReport {
  const skipped: Record<string, number> = {...report.skipped};
  let count = 0;
  for (const one of plan) {
    if (one.kind !== 'skip') continue;
    count += one.series.instances.length;
    skipped[one.reason] = (skipped[one.reason] ?? 0) + one.series.instances.length;
  }
  const {instances} = report;
  return {...report, instances: {...instances, in: instances.in + count, skipped: instances.skipped + count}, skipped};
}
