import type {FileOutcome} from '@fiona/lib/deid/fileTask';
import {countPatients} from '@fiona/lib/deid/original';
import type {Quarantined} from './quarantine.ts';

type Written = Extract<FileOutcome, {kind: 'written'}>;

/**
 * Sets aside what no instance tells by itself: different instances with one SOPInstanceUID, all of them (which came first depends on
 * the threads, and nobody can tell which is right), and studies that hold instances of several patients.
 * @param force studies of several patients may pass: somebody has looked
 */
export function setAside(outcomes: readonly FileOutcome[], force: boolean): readonly FileOutcome[] {
  const written = outcomes.filter(outcome => outcome.kind === 'written');
  const taken = new Set(outcomes.flatMap(each => (each.kind === 'quarantined' && each.taken ? [each.taken] : [])));
  for (const same of groups(written, ({sopInstanceUid}) => sopInstanceUid)) {
    const places = new Set(same.map(({path}) => path));
    if (places.size > 1) for (const place of places) taken.add(place);
  }
  const mixed = new Set(
    groups(written, ({studyInstanceUid}) => studyInstanceUid)
      .filter(study => !force && countSubjects(study) > 1)
      .flatMap(study => study.map(({path}) => path)),
  );
  return placesTaken(outcomes, taken).map(outcome =>
    outcome.kind === 'written' && mixed.has(outcome.path)
      ? ({
          kind: 'quarantined',
          input: outcome.input,
          reason: 'several-patients',
          detail: 'the study holds instances of several patients; if they are one person, use --force',
        } satisfies Quarantined)
      : outcome,
  );
}

/** Instances whose place has other content are set aside. @param taken their places */
export function placesTaken(outcomes: readonly FileOutcome[], taken: ReadonlySet<string>): readonly FileOutcome[] {
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

/** How many patients the instances that were written belong to. */
export function countSubjects(outcomes: readonly FileOutcome[]): number {
  const marks = outcomes.flatMap(each =>
    each.kind === 'written' && each.original.patient ? [each.original.patient] : [],
  );
  return countPatients(marks);
}

function groups(written: readonly Written[], keyOf: (one: Written) => string): readonly (readonly Written[])[] {
  return [...Map.groupBy(written, keyOf).values()];
}
