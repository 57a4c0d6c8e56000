import type {Tag} from '@fiona/lib/dicom/tag';
import {strings} from '@fiona/lib/dicom/values';
import {decodeIdentifier, type QueryLevel} from '@fiona/lib/dimse/identifier';
import type {QueryRequest} from '@fiona/lib/dimse/services';
import {status, statusError} from '@fiona/lib/dimse/status';
import {queryRetrieve} from '@fiona/lib/dimse/uids';
import {matchesKey} from './matching.ts';
import type {StoredInstance, StoredSeries, StoredStudy} from './pacsIndex.ts';

/** A query as read: level, and tag to key. */
export interface PacsQuery {
  level: QueryLevel;
  keys: Map<Tag, string>;
}

/** One match: the values asked for, and the instances it stands for. */
export interface PacsMatch {
  values: Map<Tag, string>;
  instances: StoredInstance[];
}

const tag = {
  characterSet: 0x00080005,
  level: 0x00080052,
  modality: 0x00080060,
  modalitiesInStudy: 0x00080061,
  patientId: 0x00100020,
  studyUid: 0x0020000d,
  seriesUid: 0x0020000e,
  patientRelatedStudies: 0x00201200,
  studyRelatedSeries: 0x00201206,
  studyRelatedInstances: 0x00201208,
  seriesRelatedInstances: 0x00201209,
} as const;

/** Attributes of a study beside those of the patient (group 0010), PS3.4 tables C.6-5 and PS3.3 C.7.2. */
const studyTags = new Set<Tag>([
  0x00080020, 0x00080030, 0x00080050, 0x00080051, 0x00080080, 0x00080090, 0x00081030, 0x00081060, 0x0020000d,
  0x00200010,
]);

/** Attributes of a series, PS3.3 C.7.3 and C.7.5. */
const seriesTags = new Set<Tag>([
  0x00080021, 0x00080031, 0x00080060, 0x00080070, 0x00081010, 0x0008103e, 0x00081050, 0x00081070, 0x00081090,
  0x00180015, 0x00181030, 0x00185100, 0x0020000e, 0x00200011, 0x00200060, 0x00400244, 0x00400245, 0x00400253,
]);

const patientRoot = new Set<string>(Object.values(queryRetrieve.patientRoot));

/** Reads the identifier. Throws status A900 when the level is missing or none of the information model. */
export function readQuery(request: QueryRequest): PacsQuery {
  const identifier = decodeIdentifier(request.identifier, request.transferSyntaxUid);
  const keys = new Map<Tag, string>();
  for (const element of identifier.elements) keys.set(element.tag, (strings(identifier, element.tag) ?? []).join('\\'));
  const level = keys.get(tag.level) ?? '';
  const isPatient = level === 'PATIENT' && patientRoot.has(request.sopClassUid);
  if (!isPatient && level !== 'STUDY' && level !== 'SERIES' && level !== 'IMAGE')
    throw statusError(status.dataSetDoesNotMatchSopClass, 'Query/Retrieve Level is none of the model');
  keys.delete(tag.level);
  keys.delete(tag.characterSet);
  return {level, keys};
}

/** All matches of a query, in the order of their UIDs. */
export function* runQuery(query: PacsQuery, studies: StoredStudy[]): Generator<PacsMatch> {
  if (query.level === 'PATIENT') {
    for (const ofPatient of Map.groupBy(studies, patientOf).values()) yield* matchOf(query, patientEntity(ofPatient));
    return;
  }
  for (const study of studies) {
    if (query.level === 'STUDY') yield* matchOf(query, entityOf(study, undefined, undefined, studies));
    else
      for (const series of study.series) {
        if (query.level === 'SERIES') yield* matchOf(query, entityOf(study, series, undefined, studies));
        else for (const instance of series.instances) yield* matchOf(query, entityOf(study, series, instance, studies));
      }
  }
}

interface Entity {
  valueOf(wanted: Tag): string;
  instances: StoredInstance[];
}

/** A key that is not an attribute of the level or above is empty in the answer and does not filter. */
function* matchOf(query: PacsQuery, entity: Entity): Generator<PacsMatch> {
  const values = new Map<Tag, string>();
  for (const [wanted, key] of query.keys) {
    const value = entity.valueOf(wanted);
    if (isKeyOf(query.level, wanted) && !matchesKey(wanted, key, value.split('\\'))) return;
    values.set(wanted, value);
  }
  yield {values, instances: entity.instances};
}

function isKeyOf(level: QueryLevel, wanted: Tag): boolean {
  if (level === 'IMAGE') return true;
  const isPatientKey = wanted >>> 16 === 0x0010;
  if (level === 'PATIENT') return isPatientKey;
  const isStudyKey = studyTags.has(wanted) || isPatientKey || wanted === tag.modalitiesInStudy;
  return isStudyKey || (level === 'SERIES' && seriesTags.has(wanted));
}

/** A patient: what the first instance says, and how many studies there are. */
function patientEntity(studies: readonly StoredStudy[]): Entity {
  const instances = studies.flatMap(study => study.series.flatMap(series => series.instances));
  const ofPatient = (wanted: Tag): string => {
    if (wanted === tag.patientRelatedStudies) return String(studies.length);
    return isKeyOf('PATIENT', wanted) ? (instances[0]?.attributes.get(wanted) ?? '') : '';
  };
  return {instances, valueOf: ofPatient};
}

/** A study, a series or an instance, by what is given, with the values it has at its level. */
function entityOf(
  study: StoredStudy,
  series: StoredSeries | undefined,
  instance: StoredInstance | undefined,
  all: StoredStudy[],
): Entity {
  const instances = instance ? [instance] : (series?.instances ?? study.series.flatMap(one => one.instances));
  const level = instance ? 'IMAGE' : series ? 'SERIES' : 'STUDY';
  const attributes = instances[0]?.attributes;
  const counts: Record<number, () => string> = {
    [tag.studyUid]: () => study.studyUid,
    [tag.seriesUid]: () => series?.seriesUid ?? '',
    [tag.modalitiesInStudy]: () => modalitiesOf(study),
    [tag.studyRelatedSeries]: () => String(study.series.length),
    [tag.studyRelatedInstances]: () => String(study.series.reduce((sum, one) => sum + one.instances.length, 0)),
    [tag.seriesRelatedInstances]: () => (series ? String(series.instances.length) : ''),
    [tag.patientRelatedStudies]: () => String(all.filter(other => patientOf(other) === patientOf(study)).length),
  };
  return {
    instances,
    valueOf: wanted => counts[wanted]?.() ?? (isKeyOf(level, wanted) ? (attributes?.get(wanted) ?? '') : ''),
  };
}

function modalitiesOf(study: StoredStudy): string {
  const modalities = study.series.map(series => series.instances[0]?.attributes.get(tag.modality) ?? '');
  return [...new Set(modalities)].filter(modality => modality !== '').join('\\');
}

function patientOf(study: StoredStudy): string | undefined {
  return study.series[0]?.instances[0]?.attributes.get(tag.patientId);
}
