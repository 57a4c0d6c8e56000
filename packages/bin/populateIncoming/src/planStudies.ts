import {isDeepStrictEqual} from 'node:util';
import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import {shortHash} from '@fiona/lib/cli/shortHash';
import type {SetAside} from '@fiona/lib/fs/setAside';
import {type CouplingEntry, couplingEntries, couplingFields} from '@fiona/lib/redcap/couplingList';
import {presentFields} from '@fiona/lib/redcap/fields';
import {incomingRows, seriesFields, studyFields} from '@fiona/lib/redcap/incoming';
import type {Redcap} from '@fiona/lib/redcap/redcap';
import {trimmed} from '@fiona/lib/redcap/routing';
import {formatRedcapTime} from '@fiona/lib/redcap/time';
import {type CouplingIndex, couplingsOf, missingTransfers} from '@fiona/lib/transfers/coupling';
import {couplingLine, type HashedCoupling, hashDestination, hashedCoupling} from './couplings.ts';
import {fingerprint} from './fingerprint.ts';
import {severalPatients} from './patients.ts';
import {newSeriesOf, planStudy, type StudyPlan} from './planStudy.ts';
import {readSummaries} from './readSummaries.ts';
import {noRecord, recordsByStudy, type StudyRecord} from './record.ts';
import type {RuleBook} from './routingRules.ts';
import {firstOf, type SeriesSummary} from './seriesSummary.ts';
import type {StudyFiles} from './sortSeries.ts';

export interface PlanningTools {
  readonly root: string;
  readonly incoming: Redcap;
  readonly couplingList: Redcap;
  readonly ruleBook: RuleBook;
  readonly setAside: SetAside;
  readonly clock: Clock;
  readonly log: Log;
  readonly importAll: string | undefined;
}

/** The coupling list: by fingerprints, and the entries that are at hand in clear. */
export interface KnownCouplings {
  readonly index: () => CouplingIndex<HashedCoupling>;
  readonly inClear: ReadonlyMap<string, CouplingEntry>;
}

/** The plan of a study with what is needed to remember it. */
export interface PlannedStudy {
  readonly files: StudyFiles;
  readonly plan: StudyPlan;
  /** Fingerprint of its accession number, or blank. */
  readonly accession: string;
}

interface FoundStudy {
  readonly files: StudyFiles;
  readonly summaries: readonly SeriesSummary[];
  readonly accession: string;
}

interface ComparedStudy extends FoundStudy {
  readonly record: StudyRecord;
  /** Coupling entries whose transfer is missing. */
  readonly missing: readonly HashedCoupling[];
}

/**
 * Looks the studies up in Incoming (one call) and on disk and decides what to write for each of them. Rules are read when a study has a
 * new series, coupling entries when one of them asks for a transfer.
 * @throws RedcapError
 */
export async function planStudies(
  tools: PlanningTools,
  studies: readonly StudyFiles[],
  couplings: KnownCouplings,
): Promise<PlannedStudy[]> {
  // first the disk: nobody else shall write between our look into Incoming and our import
  const onDisk: FoundStudy[] = [];
  for (const files of studies) onDisk.push(await findStudy(tools, files));
  const fields = await presentFields(tools.incoming, lookedUp, tools.log);
  const rows = await tools.incoming.read({fields, records: studies.map(({study}) => study)});
  const records = recordsByStudy(incomingRows(rows));
  const read = onDisk.map(found => compared(found, records.get(found.files.study) ?? noRecord, couplings, tools.log));
  const entries = await entriesInClear(
    tools,
    read.flatMap(({missing}) => missing),
    couplings.inClear,
  );
  const now = formatRedcapTime(tools.clock.now(), tools.incoming.timeZone);
  const hasArrivalDate = fields.includes('study_arrival_date');
  const planned: PlannedStudy[] = [];
  for (const {files, summaries, record, accession, missing} of read) {
    const isNews = newSeriesOf(summaries, record).length > 0;
    if (isNews) warnOfMixture(files.study, severalPatients(summaries, record), tools.log);
    const needsRules = tools.importAll !== undefined || isNews;
    const rules = needsRules ? await tools.ruleBook.rules() : [];
    const wanted = missing.map(({id}) => entries.get(id)).filter(entry => entry !== undefined);
    const facts = {study: files.study, summaries, record, couplings: wanted};
    const plan = planStudy(facts, {rules, importAll: tools.importAll, now, hasArrivalDate});
    for (const problem of plan.failedRules) await tools.ruleBook.giveUp(problem);
    planned.push({files, plan, accession});
  }
  return planned;
}

/** Nothing is refused: only people can tell which of them the study is. */
function warnOfMixture(study: string, patients: readonly string[], log: Log): void {
  if (patients.length === 0) return;
  const hashes = patients.map(shortHash).join(', ');
  log.warn(
    `study ${study} holds series of ${patients.length} patients (${hashes}); its transfers send all of them under one pseudonym, ask the sender`,
  );
}

const lookedUp = {
  mandatory: [
    ...studyFields.mandatory,
    'incoming_studies_complete',
    ...seriesFields.mandatory,
    'transfer_project_name',
    'transfer_name',
    'transfer_event_name',
  ],
  optional: studyFields.optional,
};

async function findStudy({root, setAside}: PlanningTools, files: StudyFiles): Promise<FoundStudy> {
  const summaries = await readSummaries(root, files, setAside);
  return {files, summaries, accession: fingerprint(firstOf(summaries, summary => trimmed(summary.accession)))};
}

function compared(found: FoundStudy, record: StudyRecord, {index}: KnownCouplings, log: Log): ComparedStudy {
  const {files, summaries, accession} = found;
  // a study without a readable series can't be registered, so it can't be coupled either
  const study = {uid: summaries.length > 0 ? fingerprint(files.study) : '', accession};
  const {valid, superseded} = couplingsOf(index(), study);
  const missing = missingTransfers(valid, record.transfers.map(hashDestination));
  if (missing.length > 0) {
    for (const {id} of superseded) log.info(`CouplingList record ${id} is superseded for ${files.study}`);
  }
  return {...found, record, missing};
}

/** The entries as REDCap holds them. One that was changed or deleted meanwhile is left for the next run. */
async function entriesInClear(
  {couplingList, log}: PlanningTools,
  wanted: readonly HashedCoupling[],
  atHand: ReadonlyMap<string, CouplingEntry>,
): Promise<ReadonlyMap<string, CouplingEntry>> {
  const names = [...new Set(wanted.map(({id}) => id))].filter(id => !atHand.has(id));
  if (names.length === 0) return atHand;
  const rows = await couplingList.read({fields: await couplingFields(couplingList, log), records: names});
  const fetched = new Map(couplingEntries(rows).map(entry => [entry.id, entry]));
  const known = new Map([...atHand, ...fetched]);
  const isUnchanged = (expected: HashedCoupling) => {
    const entry = known.get(expected.id);
    return entry !== undefined && isDeepStrictEqual(hashedCoupling(couplingLine(entry)), expected);
  };
  const changed = new Set(wanted.filter(expected => !isUnchanged(expected)).map(({id}) => id));
  return new Map([...known].filter(([id]) => !changed.has(id)));
}
