import {Deidentifier} from '@fiona/lib/deid/engine';
import type {DeidOutcome} from '@fiona/lib/deid/outcome';
import {type DeidRequest, defaultDeidRequest} from '@fiona/lib/deid/request';
import {DicomError} from '@fiona/lib/dicom/dicomError';
import {parseInstance} from '@fiona/lib/dicom/read';
import {findLeaks, type Leak} from './checker.ts';
import {type CorpusInstance, makeInstance} from './corpus.ts';
import {type Expected, Score} from './score.ts';

export const corpusRequest: DeidRequest & Expected = {
  ...defaultDeidRequest,
  project: 'TRIAL-01',
  subject: 'SUBJ-001',
  event: 'V1',
  trialSponsor: 'Sponsor',
};

/** What became of one instance: the file, or why there is none. */
export type Result =
  | {readonly kind: 'written'; readonly file: Buffer; readonly leaks: readonly Leak[]}
  | {readonly kind: 'setAside'; readonly reason: string; readonly detail: string; readonly tag: number | undefined};

/** De-identifies an instance and looks for what was planted in it. */
export function process(deidentifier: Deidentifier, {file, plants, syntax}: CorpusInstance): Result {
  const outcome = attempt(deidentifier, file);
  if (outcome instanceof DicomError)
    return {kind: 'setAside', reason: 'unreadable', detail: outcome.message, tag: outcome.tag};
  if (outcome.kind === 'skipped') return {kind: 'setAside', reason: outcome.reason, detail: '', tag: undefined};
  if (outcome.kind === 'quarantined')
    return {kind: 'setAside', reason: outcome.reason, detail: outcome.detail, tag: outcome.tag};
  const chunks = outcome.chunks.filter(Buffer.isBuffer);
  const written = Buffer.concat(chunks);
  return {
    kind: 'written',
    file: written,
    leaks: findLeaks(written, plants, syntax.deflated ? chunks[0]?.length : undefined),
  };
}

function attempt(deidentifier: Deidentifier, file: Buffer): DeidOutcome | DicomError {
  try {
    return deidentifier.deidentify(parseInstance(file), ({offset, length}) => file.subarray(offset, offset + length));
  } catch (error) {
    if (error instanceof DicomError) return error;
    throw error;
  }
}

/** What was found in a run over many instances. */
export interface CorpusReport {
  readonly instances: number;
  readonly written: number;
  /** Instances per reason. */
  readonly setAside: ReadonlyMap<string, number>;
  /** Instances that were set aside, or not, or for another reason than their kind says. */
  readonly unexpected: readonly string[];
  readonly leaks: readonly {readonly instance: string; readonly leak: Leak}[];
  /** Markers planted per row of the list of hiding places. */
  readonly planted: ReadonlyMap<number, number>;
  /** Required actions, and those that were taken. */
  readonly score: Score;
}

/** Makes and de-identifies `count` instances. Nothing is written to the disk. */
export async function runCorpus(seed: number, count: number): Promise<CorpusReport> {
  const deidentifier = await Deidentifier.create(corpusRequest);
  const setAside = new Map<string, number>();
  const planted = new Map<number, number>();
  const unexpected: string[] = [];
  const leaks: {instance: string; leak: Leak}[] = [];
  const score = new Score(corpusRequest);
  let written = 0;
  for (let index = 0; index < count; index++) {
    const instance = makeInstance(seed, index);
    for (const [row, markers] of instance.plants.rows) planted.set(row, (planted.get(row) ?? 0) + markers);
    const result = process(deidentifier, instance);
    if (result.kind === 'written') {
      written++;
      score.add(instance, result.file);
    } else setAside.set(result.reason, (setAside.get(result.reason) ?? 0) + 1);
    const reason = result.kind === 'written' ? undefined : result.reason;
    if (reason !== instance.kind.setAside)
      unexpected.push(`${instance.name}: ${reason ?? 'written'} ${describe(result)}`);
    if (result.kind === 'written') for (const leak of result.leaks) leaks.push({instance: instance.name, leak});
  }
  return {instances: count, written, setAside, unexpected, leaks, planted, score};
}

function describe(result: Result): string {
  return result.kind === 'written' ? '' : `${result.detail} ${result.tag?.toString(16).padStart(8, '0') ?? ''}`;
}
