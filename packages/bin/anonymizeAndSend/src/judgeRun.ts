import type {FileOutcome} from '@fiona/lib/deid/fileTask';
import {countPatients, patientMarks} from '@fiona/lib/deid/original';
import {
  type FailureFacts,
  finalFailure,
  type InstanceCounts,
  type TransferOutcome,
  temporaryFailure,
} from './outcome.ts';
import type {Quarantined} from './quarantineNotes.ts';
import type {SeriesPlan} from './seriesPlan.ts';
import type {SpooledInstance} from './spool.ts';

/** A study in the spool that may leave, or why it does not. */
export type JudgedRun =
  | {
      readonly kind: 'ready';
      readonly instances: readonly SpooledInstance[];
      readonly mappedStudyUid: string;
      readonly counts: InstanceCounts;
      /** What an operator let be left out. */
      readonly note: FailureFacts | undefined;
    }
  | {readonly kind: 'stopped'; readonly outcome: TransferOutcome};

export interface RunFacts {
  readonly plan: readonly SeriesPlan[];
  readonly outcomes: readonly FileOutcome[];
  /** An operator decided to send what is clean. */
  readonly acceptQuarantine: boolean;
  /** The request's StudyInstanceUID as the project will know it. */
  readonly expectedStudyUid: string;
  /** What was asked of the de-identification, as a command line. */
  readonly command: readonly string[];
  /** Names under which the study was or is to be sent. */
  readonly pseudonyms: readonly string[];
  /** UID under which an input file stands in raw. */
  readonly sopInstanceUidOf: (path: string) => string;
  /** Whether an input file has gone since the snapshot. */
  readonly isGone: (path: string) => boolean;
}

/** Judges a de-identification: a study leaves as a whole or not at all, unless an operator let instances be left out. */
export function judgeRun(run: RunFacts): JudgedRun {
  const {outcomes} = run;
  const written = outcomes.filter(each => each.kind === 'written');
  const quarantined = outcomes.filter(each => each.kind === 'quarantined');
  const counts = countsOf(run, written.length, quarantined.length);
  const facts: FailureFacts = {
    anonymize: {
      returnCode: quarantined.length === 0 ? 0 : 65,
      command: run.command,
      lines: quarantined.map(({input, reason, detail}) => `${run.sopInstanceUidOf(input)}: ${reason}, ${detail}`),
    },
    instances: counts,
  };
  const stopped = (outcome: TransferOutcome): JudgedRun => ({kind: 'stopped', outcome});
  const passing = passingTrouble(quarantined, run, facts);
  if (passing !== undefined) return stopped(passing);
  if (quarantined.length > 0 && !run.acceptQuarantine) {
    const kinds = [...new Set(quarantined.map(({reason}) => reason))];
    const detail = `${quarantined.length} of ${outcomes.length} instances are set aside: ${kinds.join(', ')}`;
    return stopped(finalFailure(kinds[0] ?? '', detail, facts));
  }
  const [mappedStudyUid, ...others] = new Set(written.map(({studyInstanceUid}) => studyInstanceUid));
  if (mappedStudyUid === undefined) {
    return stopped(finalFailure('nothing-left', 'no instance of the study may be sent', facts));
  }
  if (others.length > 0 || mappedStudyUid !== run.expectedStudyUid) {
    const detail = 'instances in the folder of the study say that they belong to another study';
    return stopped(finalFailure('wrong-study', detail, facts));
  }
  const twins = written.length - new Set(written.map(({sopInstanceUid}) => sopInstanceUid)).size;
  if (twins > 0) {
    const detail = `${twins} SOPInstanceUIDs stand for several instances, in different series; ask the sender`;
    return stopped(finalFailure('duplicate-uid', detail, facts));
  }
  const patients = patientsOf(run);
  if (patients > 1 && !run.acceptQuarantine) {
    const advice = 'ask the sender; if they are one person, repeat with --request and --accept-quarantine';
    return stopped(
      finalFailure('several-patients', `the study holds instances of ${patients} patients; ${advice}`, facts),
    );
  }
  const leftOut = `${quarantined.length} of ${outcomes.length} instances were set aside and left out, as an operator decided`;
  const notes = [
    ...(quarantined.length > 0 ? [leftOut] : []),
    ...(patients > 1 ? [`instances of ${patients} patients were sent as one, as an operator decided`] : []),
  ];
  return {
    kind: 'ready',
    instances: written.map(({path, sopInstanceUid}) => ({path, sopInstanceUid})),
    mappedStudyUid,
    counts,
    note: notes.length > 0 ? {note: notes.join('; '), ...facts} : undefined,
  };
}

/** Series that came back under a pseudonym of this study are its patient's, whatever they say. */
function patientsOf({outcomes, pseudonyms}: RunFacts): number {
  const ours = new Set(pseudonyms.map(name => patientMarks(name, '', '').id));
  const marks = outcomes.flatMap(each =>
    each.kind === 'written' && each.original.patient ? [each.original.patient] : [],
  );
  return countPatients(marks.filter(({id}) => !ours.has(id)));
}

function countsOf({plan, outcomes}: RunFacts, deidentified: number, failed: number): InstanceCounts {
  const skippedSeries = plan.filter(({kind}) => kind === 'skip').flatMap(({series}) => series.instances).length;
  const skipped = outcomes.filter(({kind}) => kind === 'skipped').length;
  return {planned: outcomes.length + skippedSeries, deidentified, sent: 0, failed, skipped: skipped + skippedSeries};
}

/** A full disk or a file that went while it was read says nothing of the instances. */
function passingTrouble(
  quarantined: readonly Quarantined[],
  {isGone}: RunFacts,
  facts: FailureFacts,
): TransferOutcome | undefined {
  const unwritten = quarantined.find(({reason}) => reason === 'write-failed');
  if (unwritten !== undefined) return temporaryFailure('spool', unwritten.detail, facts);
  const gone = quarantined.filter(({reason, input}) => reason === 'unreadable' && isGone(input)).length;
  if (gone === 0) return undefined;
  return temporaryFailure('vanished', `${gone} instances went from the archive while they were read`, facts);
}
