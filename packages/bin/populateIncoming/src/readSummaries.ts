import type {Uid} from '@fiona/lib/dicom/uid';
import {FileError} from '@fiona/lib/fs/fileError';
import {JsonFileError} from '@fiona/lib/fs/jsonFile';
import type {SetAside} from '@fiona/lib/fs/setAside';
import {seriesJson} from '@fiona/lib/site/layout';
import {readSeriesJson, SeriesJsonError} from '@fiona/lib/site/seriesJson';
import type {Stamp} from '@fiona/lib/transfers/rawScan';
import {inOrder, isProblem, type SeriesSummary, type SummaryProblem, summaryOf} from './seriesSummary.ts';
import type {StudyFiles} from './sortSeries.ts';

/**
 * Reads the settled summaries of a study, in the order of its series. One that can't be used is set aside and does not hold up the
 * others; it is not looked at again before it changes. One that vanished meanwhile is left for the next run.
 */
export async function readSummaries(
  root: string,
  {study, settled}: StudyFiles,
  setAside: SetAside,
): Promise<SeriesSummary[]> {
  const found = await Promise.all([...settled].map(([series, stamp]) => readOne(root, study, series, stamp, setAside)));
  return inOrder(found.filter(summary => summary !== undefined));
}

async function readOne(
  root: string,
  study: Uid,
  series: Uid,
  stamp: Stamp,
  setAside: SetAside,
): Promise<SeriesSummary | undefined> {
  const key = `${study}/${series}.json`;
  const version = `${stamp.modified}-${stamp.size}`;
  if (setAside.has(key, version)) return undefined;
  const found = await summaryOrProblem(root, study, series);
  if (found === undefined) return undefined;
  if (isProblem(found)) {
    await setAside.note({key, version, ...found});
    return undefined;
  }
  await setAside.clear(key);
  return found;
}

async function summaryOrProblem(
  root: string,
  study: Uid,
  series: Uid,
): Promise<SeriesSummary | SummaryProblem | undefined> {
  try {
    const json = await readSeriesJson(seriesJson(root, study, series));
    return json && summaryOf(study, series, json);
  } catch (error) {
    if (error instanceof SeriesJsonError) return {reason: 'not-json', detail: 'The summary is not a JSON object.'};
    if (error instanceof JsonFileError || error instanceof FileError) {
      return {reason: 'unreadable', detail: 'The summary cannot be read.'};
    }
    throw error;
  }
}
