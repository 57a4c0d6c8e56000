import type {Clock} from '@fiona/lib/cli/clock';
import {exitCode} from '@fiona/lib/cli/exitCode';
import {openProgress} from '@fiona/lib/cli/progress';
import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import {auditorOf, deidAudit} from '@fiona/lib/deid/audit';
import type {FileOutcome} from '@fiona/lib/deid/fileTask';
import {type DeidRun, deidentifyFiles} from '@fiona/lib/deid/pool';
import {wideningWarning} from '@fiona/lib/deid/profile/widening';
import {deidReport} from '@fiona/lib/deid/report';
import type {DeidRequest} from '@fiona/lib/deid/request';
import {formatTag} from '@fiona/lib/dicom/tag';
import {appendChained} from '@fiona/lib/fs/chainedLog';
import {writeJsonFile} from '@fiona/lib/fs/jsonFile';
import {compilePattern} from '@fiona/lib/pattern/pattern';
import {PatternError} from '@fiona/lib/pattern/patternError';
import {inputFiles, isNotDicom} from './inputFiles.ts';
import {countSubjects, placesTaken, setAside} from './judge.ts';
import {writeMapping} from './mapping.ts';
import {type AnonymizeOptions, wholeNumber} from './options.ts';
import {OutputFolder} from './outputFolder.ts';
import {pathsOf} from './paths.ts';
import {noteQuarantined} from './quarantine.ts';
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
    const progress = openProgress('de-identify', files.length, {quiet: options.quiet === true});
    let count = 0;
    done = await deidentifyFiles(
      files.map(path => ({path})),
      request,
      output.work,
      {
        workers: threads,
        flat: options.byseries !== true && options.bySeries !== true,
        signal: run.signal,
        onOutcome: () => progress.done(++count),
      },
    ).finally(() => progress.end());
    outcomes = setAside(done.outcomes, options.force === true);
    output.drop(
      done.outcomes.flatMap((before, n) => (before.kind === 'written' && outcomes[n] !== before ? [before.path] : [])),
    );
    if (options.audit !== undefined) await audit(options.audit, request, outcomes, clock);
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
  const patients = countSubjects(outcomes);
  if (patients > 1) log.warn(`the input holds studies of ${patients} patients: all of them become one subject`);
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
  for (const {tag, pattern} of request.importRules) {
    const problem = patternProblem(pattern);
    if (problem !== undefined) log.warn(`--regtagchange ${formatTag(tag)}: ${problem}; the element loses its text`);
  }
  const widening = wideningWarning(request);
  if (widening !== undefined) log.warn(widening);
}

function patternProblem(pattern: string): string | undefined {
  if (pattern === '') return 'the pattern is blank';
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}

/** One line in a trail of its own, durable before the files get their places. @throws FileError */
async function audit(
  path: string,
  request: DeidRequest,
  outcomes: readonly FileOutcome[],
  clock: Clock,
): Promise<void> {
  const at = clock.now().toISOString();
  await appendChained(path, {at, event: 'anonymize', ...auditorOf('anonymize'), ...deidAudit(request, outcomes)});
}

function codeOf(dicom: readonly FileOutcome[]) {
  const setAside = dicom.filter(outcome => outcome.kind === 'quarantined');
  if (setAside.some(({reason}) => reason === 'write-failed')) return exitCode.cannotWrite;
  return setAside.length > 0 || dicom.length === 0 ? exitCode.badData : exitCode.ok;
}
