import type {Log} from '@fiona/lib/cli/log';
import {shortHash} from '@fiona/lib/cli/shortHash';
import type {SetAside} from '@fiona/lib/fs/setAside';
import type {Redcap, Rejected} from '@fiona/lib/redcap/redcap';
import type {PlannedStudy} from './planStudies.ts';
import {recordDigest} from './record.ts';
import type {StudyFiles} from './sortSeries.ts';
import type {KnownStudy} from './state.ts';

/** What became of the plans. */
export interface Registered {
  /** Studies of which REDCap holds by now what was planned. */
  readonly confirmed: readonly PlannedStudy[];
  /** Studies that REDCap did not confirm: for the next run. */
  readonly pending: readonly PlannedStudy[];
  /** Studies that REDCap refused: set aside. */
  readonly refused: readonly PlannedStudy[];
}

/**
 * Imports the rows of all studies and takes REDCap at its word study by study. One that REDCap refuses does not hold up the others.
 * @throws RedcapError; what was confirmed before is found again in the next run
 */
export async function register(
  incoming: Redcap,
  planned: readonly PlannedStudy[],
  {setAside, log}: {setAside: SetAside; log: Log},
): Promise<Registered> {
  const rows = planned.flatMap(({plan}) => plan.rows);
  const outcome = rows.length === 0 ? {written: [], rejected: []} : await writeRows(incoming, rows, log);
  const written = new Set(outcome.written);
  const rejected = new Map(outcome.rejected.map(rejection => [rejection.record, rejection]));
  const confirmed: PlannedStudy[] = [];
  const pending: PlannedStudy[] = [];
  const refused: PlannedStudy[] = [];
  for (const study of planned) {
    const {plan, files} = study;
    const rejection = rejected.get(plan.study);
    if (plan.rows.length === 0 || written.has(plan.study)) {
      confirmed.push(study);
      await setAside.clear(plan.study);
    } else if (rejection?.kind === 'rejected') {
      refused.push(study);
      await refuse(files, rejection, {setAside, log});
    } else {
      pending.push(study);
      log.error(`REDCap did not confirm ${plan.study}: left for the next run`);
    }
  }
  tellTransfers(confirmed, log);
  return {confirmed, pending, refused};
}

function writeRows(incoming: Redcap, rows: readonly Parameters<Redcap['write']>[0][number][], log: Log) {
  log.info(`process with ${rows.length} record${rows.length === 1 ? '' : 's'}`);
  return incoming.write(rows);
}

async function refuse(
  files: StudyFiles,
  {reasons}: Rejected,
  {setAside, log}: {setAside: SetAside; log: Log},
): Promise<void> {
  const why = reasons.map(({field, message}) => (field === undefined ? message : `${field}: ${message}`)).join('; ');
  log.error(`REDCap refuses ${files.study}: ${why}`);
  await setAside.note({
    key: files.study,
    reason: 'refused-by-redcap',
    detail: `REDCap refuses the rows of this study: ${why}`,
    version: files.version,
  });
}

function tellTransfers(confirmed: readonly PlannedStudy[], log: Log): void {
  for (const {plan} of confirmed) {
    for (const {project, name, event} of plan.transfers) {
      log.info(`new transfer request for ${plan.study} ${project} ${shortHash(name)} ${event}`.trimEnd());
    }
  }
}

/** What is remembered of a registered study. */
export function rememberedStudy({files, plan, accession}: PlannedStudy): KnownStudy {
  return {files: files.version, accession, record: recordDigest(plan.outcome)};
}
