import type {StudyRecord} from './record.ts';
import type {SeriesSummary} from './seriesSummary.ts';

/**
 * The PatientIDs in a study, in the order of its series, if there are several: its StudyInstanceUID was used twice, or data were mixed up.
 * Nothing can be told of series without an id, and a derived series that came back under the pseudonym of a transfer is the same patient.
 */
export function severalPatients(summaries: readonly SeriesSummary[], {transfers}: StudyRecord): string[] {
  const pseudonyms = new Set(transfers.map(({name}) => name.trim()));
  const ids = summaries.map(({patientId}) => patientId.trim()).filter(id => id !== '' && !pseudonyms.has(id));
  const distinct = [...new Set(ids)];
  return distinct.length > 1 ? distinct : [];
}
