import {relative} from 'node:path';
import {exitCode} from '@fiona/lib/cli/exitCode';
import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import {UsageError} from '@fiona/lib/cli/usageError';
import {Deidentifier} from '@fiona/lib/deid/engine';
import type {DeidOutcome} from '@fiona/lib/deid/outcome';
import type {DeidRequest} from '@fiona/lib/deid/request';
import {type FileRange, itemsOf} from '@fiona/lib/dicom/dataSet';
import {DicomError} from '@fiona/lib/dicom/dicomError';
import type {Instance} from '@fiona/lib/dicom/instance';
import {readHeader, readInstance} from '@fiona/lib/dicom/read';
import {formatTag} from '@fiona/lib/dicom/tag';
import {strings, text} from '@fiona/lib/dicom/values';
import {Comparison, type Line} from './compare.ts';
import {inputFiles} from './inputFiles.ts';
import type {Inspected} from './inspected.ts';
import {screenOf} from './inspectScreen.ts';
import type {AnonymizeOptions} from './options.ts';
import {existing} from './paths.ts';
import {requestOf} from './request.ts';
import {shapeOf} from './shape.ts';
import {withStretches, wouldBe} from './wouldBe.ts';

/** Shows what would become of a file, or of the first instance of each series of a folder; writes nothing. */
export async function inspect(run: Run<AnonymizeOptions>, path: string): Promise<Outcome> {
  const {options} = run;
  checkAudience(options);
  const root = existing(path, '--inspect');
  const request = await requestOf(options, run.config.ANONYMIZER);
  const deidentifier = await Deidentifier.create(request);
  const files = await inputFiles(root);
  const chosen = options.all || files.length < 2 ? files : firstOfSeries(files);
  const inspected: Inspected[] = [];
  for (const file of chosen) {
    const one = inspectFile(file, relative(root, file), deidentifier, request);
    if (one !== undefined) inspected.push(choose(one, options));
  }
  const isStopped = inspected.length === 0 || inspected.some(({outcome}) => outcome === 'quarantined');
  return {
    counts: {inspected: inspected.length},
    exitCode: isStopped ? exitCode.badData : exitCode.ok,
    json: inspected,
    lines: inspected.flatMap(one => screenOf(one)),
    summary: false,
  };
}

/** Identifiers are for the eyes of who called, not for files and logs that happen to be written. */
function checkAudience({json, yes, values}: AnonymizeOptions & {json?: boolean}): void {
  if (values === false || (json && yes) || (!json && process.stdout.isTTY)) return;
  throw new UsageError(
    '--inspect shows identifiers: only on a terminal, with --json and --yes, or as shapes with --no-values',
  );
}

function firstOfSeries(files: readonly string[]): string[] {
  const seen = new Set<string>();
  return files.filter(file => {
    try {
      const series = text(readHeader(file).dataSet, 0x0020_000e) ?? '';
      if (seen.has(series)) return false;
      seen.add(series);
      return true;
    } catch (error) {
      if (error instanceof DicomError) return error.reason !== 'not-dicom';
      throw error;
    }
  });
}

/** @returns undefined for a file that is no DICOM */
function inspectFile(
  path: string,
  file: string,
  deidentifier: Deidentifier,
  request: DeidRequest,
): Inspected | undefined {
  const {limits} = request;
  try {
    const instance = readInstance(path, {...limits, maxElementBytes: limits.maxHeaderBytes});
    return {file, ...withStretches(path, read => inspectInstance(instance, read, deidentifier, request))};
  } catch (error) {
    if (!(error instanceof DicomError)) throw error;
    if (error.reason === 'not-dicom') return undefined;
    return {...nothingKnown, file, outcome: 'quarantined', reason: 'unreadable', detail: error.message};
  }
}

function inspectInstance(
  instance: Instance,
  read: (range: FileRange) => Buffer,
  deidentifier: Deidentifier,
  request: DeidRequest,
): Omit<Inspected, 'file'> {
  const verdict = deidentifier.deidentify(instance, read);
  const isStoppedByGate = verdict.kind === 'quarantined' && verdict.reason === 'burned-in-text-possible';
  // the rest is shown all the same: what would be written with clean pixels
  const shown = isStoppedByGate ? deidentifier.deidentify(instance, read, {cleared: true, burned: false}) : verdict;
  const after = shown.kind === 'written' ? wouldBe(shown.chunks, instance) : undefined;
  const lines = after === undefined ? [] : new Comparison(request, after.pixels).lines(instance.dataSet, after.dataSet);
  const isSurvivor = shown.kind === 'quarantined' && shown.reason === 'identifier-survived';
  return {
    outcome: verdict.kind,
    ...whyOf(verdict),
    lines,
    dropped: [...new Set(lines.flatMap(({dropped}) => dropped))],
    codes:
      after === undefined ? [] : itemsOf(after.dataSet, 0x0012_0064).flatMap(item => strings(item, 0x0008_0100) ?? []),
    pixelGate: isStoppedByGate ? 'not passed' : after === undefined && !isSurvivor ? 'not reached' : 'passed',
    proof: after !== undefined ? 'passed' : isSurvivor ? 'failed' : 'not reached',
  };
}

const nothingKnown = {lines: [], dropped: [], codes: [], pixelGate: 'not reached', proof: 'not reached'} as const;

function whyOf(outcome: DeidOutcome): {reason?: string; detail?: string} {
  if (outcome.kind === 'written') return {};
  if (outcome.kind === 'skipped') return {reason: outcome.reason};
  const where = outcome.tag === undefined ? '' : ` ${formatTag(outcome.tag)}`;
  return {reason: outcome.reason, detail: outcome.detail + where};
}

function choose(one: Inspected, {only, values}: AnonymizeOptions): Inspected {
  const lines = one.lines.filter(line => isChosen(line, only));
  if (values !== false) return {...one, lines};
  const shape = (value: string | undefined) => (value === undefined ? undefined : shapeOf(value));
  return {
    ...one,
    file: shapeOf(one.file),
    lines: lines.map(line => ({
      ...line,
      before: shape(line.before),
      after: shape(line.after),
      dropped: line.dropped.map(shapeOf),
      name: line.action === 'remove' && line.name.startsWith('[') ? `[${shapeOf(line.name.slice(1, -1))}]` : line.name,
    })),
    dropped: one.dropped.map(shapeOf),
  };
}

function isChosen({action, name}: Line, only: string | undefined): boolean {
  if (only === undefined) return true;
  if (only === 'private') return name.startsWith('[');
  if (only === 'removed') return action === 'remove';
  return only === 'kept' ? action === 'keep' : action !== 'keep' && action !== 'remove';
}
