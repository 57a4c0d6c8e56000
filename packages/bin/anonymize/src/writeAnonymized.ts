import {exitCode} from '@fiona/lib/cli/exitCode';
import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import type {FileOutcome} from '@fiona/lib/deid/fileTask';
import {type DeidRun, deidentifyFiles} from '@fiona/lib/deid/pool';
import {wideningWarning} from '@fiona/lib/deid/profile/widening';
import {deidReport} from '@fiona/lib/deid/report';
import type {DeidRequest} from '@fiona/lib/deid/request';
import {writeJsonFile} from '@fiona/lib/fs/jsonFile';
import {inputFiles, isNotDicom} from './inputFiles.ts';
import {writeMapping} from './mapping.ts';
import {type AnonymizeOptions, wholeNumber} from './options.ts';
import {OutputFolder} from './outputFolder.ts';
import {pathsOf} from './paths.ts';
import {noteQuarantined, type Quarantined} from './quarantine.ts';
import {requestOf} from './request.ts';

/** De-identifies the files of the input into the output folder. */
export async function writeAnonymized(run: Run<AnonymizeOptions>): Promise<Outcome> {
  const {options, config, log, clock} = run;
  const started = performance.now();
  const paths = pathsOf(options);
  const request = await requestOf(options, config.ANONYMIZER);
  const threads = wholeNumber(options.numthreads ?? options.threads, '--numthreads', 1) ?? config.ANONYMIZER.workers;
  const files = await inputFiles(paths.input);
  if (run.dryRun)
    return {counts: {in: files.length}, lines: [`would de-identify ${files.length} files into ${paths.output}`]};
  warnAboutOptions(run, request);
  const output = await OutputFolder.open(paths.output, options.force === true);
  let outcomes: readonly FileOutcome[];
  let done: DeidRun;
  try {
    done = await deidentifyFiles(
      files.map(path => ({path})),
      request,
      output.work,
      {workers: threads, flat: options.byseries !== true && options.bySeries !== true, signal: run.signal},
    );
    outcomes = setDuplicatesAside(done.outcomes);
    output.drop(duplicatePlaces(outcomes));
  } catch (error) {
    output.discard();
    throw error;
  }
  outcomes = placesTaken(outcomes, await output.publish());
  await writeMapping(options.storemapping, paths.output, request, outcomes);
  await noteQuarantined(paths, outcomes, clock);
  const dicom = outcomes.filter(outcome => !isNotDicom(outcome));
  const notDicom = outcomes.length - dicom.length;
  const report = {
    ...deidReport(request, {outcomes: dicom, tally: done.tally}, (performance.now() - started) / 1000),
    notDicom,
    allowBurnedIn: options.allowBurnedIn === true,
  };
  if (options.report !== undefined) await writeJsonFile(options.report, report, {mode: 0o640});
  for (const [reason, count] of Object.entries(report.quarantine))
    log.warn(`${count} set aside, ${reason}: see ${paths.quarantine}`);
  return {
    counts: {
      in: outcomes.length,
      written: report.instances.written,
      skipped: report.instances.skipped,
      quarantined: report.instances.quarantined,
      'not DICOM': notDicom,
    },
    exitCode: codeOf(dicom),
    json: report,
  };
}

function warnAboutOptions({options, log}: Run<AnonymizeOptions>, request: DeidRequest): void {
  if (options.storemapping !== undefined)
    log.warn('--storemapping writes old and new UIDs: whoever has that file can tell whose images these are');
  if (options.allowBurnedIn) log.warn('--allow-burned-in: pixels are not checked for text');
  const widening = wideningWarning(request);
  if (widening !== undefined) log.warn(widening);
}

/**
 * Different instances with one SOPInstanceUID are all set aside: which of them came first depends on the threads, and nobody
 * can tell which is right.
 */
function setDuplicatesAside(outcomes: readonly FileOutcome[]): readonly FileOutcome[] {
  const taken = new Set(
    outcomes.flatMap(outcome => (outcome.kind === 'quarantined' && outcome.taken ? [outcome.taken] : [])),
  );
  return placesTaken(outcomes, taken);
}

function duplicatePlaces(outcomes: readonly FileOutcome[]): readonly string[] {
  return outcomes.flatMap(outcome => (outcome.kind === 'quarantined' && outcome.taken ? [outcome.taken] : []));
}

function placesTaken(outcomes: readonly FileOutcome[], taken: ReadonlySet<string>): readonly FileOutcome[] {
  if (taken.size === 0) return outcomes;
  return outcomes.map(outcome =>
    outcome.kind === 'written' && taken.has(outcome.path)
      ? ({
          kind: 'quarantined',
          input: outcome.input,
          reason: 'duplicate-uid',
          detail: 'another instance with this SOPInstanceUID has other content',
          taken: outcome.path,
        } satisfies Quarantined)
      : outcome,
  );
}

function codeOf(dicom: readonly FileOutcome[]) {
  const setAside = dicom.filter(outcome => outcome.kind === 'quarantined');
  if (setAside.some(({reason}) => reason === 'write-failed')) return exitCode.cannotWrite;
  return setAside.length > 0 || dicom.length === 0 ? exitCode.badData : exitCode.ok;
}
