import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {systemClock} from '@fiona/lib/cli/clock';
import {silentLog} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import {findElement} from '@fiona/lib/dicom/dataSet';
import {readInstance} from '@fiona/lib/dicom/read';
import {elementStrings, text} from '@fiona/lib/dicom/values';
import {find} from '@fiona/lib/dimse/findScu';
import {connectProject} from '@fiona/lib/redcap/connect';
import {incomingRows, type Transfer, transferFields} from '@fiona/lib/redcap/incoming';
import {archiveRoot} from '@fiona/lib/site/layout';
import {readSeriesJson, type SeriesJson} from '@fiona/lib/site/seriesJson';
import {findIdentifiers} from '@fiona/sandbox/samples/plantedIdentifiers';
import {seriesSummaries} from './timePasses.ts';

/** One study as the research PACS answers for it. */
export interface PacsStudy {
  readonly patientId: string;
  readonly institution: string;
  readonly studyUid: string;
  readonly description: string;
  readonly studyDate: string;
  readonly series: string;
  readonly instances: string;
}

/** What the index daemon wrote of every series. */
export async function indexedSeries(config: Config): Promise<SeriesJson[]> {
  const found = await Promise.all((await seriesSummaries(config.DATADIR)).map(path => readSeriesJson(path)));
  return found.filter(each => each !== undefined);
}

/** The transfer rows of Incoming. */
export async function recordedTransfers(config: Config): Promise<Transfer[]> {
  const incoming = connectProject(config, 'Incoming', {log: silentLog, clock: systemClock});
  const rows = await incoming.read({fields: [...transferFields.mandatory, ...transferFields.optional]});
  incoming.close();
  return incomingRows(rows).transfers;
}

/** Asks the research PACS for all its studies (C-FIND). */
export async function pacsStudies(config: Config): Promise<PacsStudy[]> {
  const {host = '', port = 0, aeTitle, callingAeTitle} = config.RESEARCH_PACS;
  const studies: PacsStudy[] = [];
  const keys = new Map(
    [0x00100020, 0x00080080, 0x0020000d, 0x00081030, 0x00080020, 0x00201206, 0x00201208].map(tag => [tag, '']),
  );
  for await (const match of find({peer: {host, port, aeTitle, callingAeTitle}, level: 'STUDY', keys})) {
    const value = (tag: number): string => text(match, tag) ?? '';
    studies.push({
      patientId: value(0x00100020),
      institution: value(0x00080080),
      studyUid: value(0x0020000d),
      description: value(0x00081030),
      studyDate: value(0x00080020),
      series: value(0x00201206),
      instances: value(0x00201208),
    });
  }
  return studies.sort((a, b) => (a.patientId < b.patientId ? -1 : 1));
}

/** All files below a folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, {recursive: true, withFileTypes: true});
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
}

/** Paths of the instances that the gateway received, and of those that the research PACS holds. */
export async function storedFiles(config: Config, sandboxDir: string): Promise<{received: string[]; sent: string[]}> {
  const sent = (await filesBelow(join(sandboxDir, 'pacs'))).filter(path => path.endsWith('.dcm'));
  return {received: await filesBelow(archiveRoot(config.DATADIR)), sent};
}

/** How often planted identifiers occur in the bytes of these files, file names included. */
export async function countIdentifiers(paths: readonly string[], planted: readonly string[]): Promise<number> {
  let count = 0;
  for (const path of paths) {
    const bytes = Buffer.concat([await readFile(path), Buffer.from(path)]);
    for (const hit of findIdentifiers(bytes, planted)) count += hit.count;
  }
  return count;
}

/** One element before and after. */
export interface Comparison {
  readonly keyword: string;
  readonly before: string;
  readonly after: string;
}

const shown: readonly (readonly [tag: number, keyword: string])[] = [
  [0x00100010, 'PatientName'],
  [0x00100020, 'PatientID'],
  [0x00100030, 'PatientBirthDate'],
  [0x00100040, 'PatientSex'],
  [0x00101010, 'PatientAge'],
  [0x00101030, 'PatientWeight'],
  [0x00080020, 'StudyDate'],
  [0x00080050, 'AccessionNumber'],
  [0x00080080, 'InstitutionName'],
  [0x00080090, 'ReferringPhysicianName'],
  [0x00081010, 'StationName'],
  [0x00081030, 'StudyDescription'],
  [0x0008103e, 'SeriesDescription'],
  [0x00181030, 'ProtocolName'],
  [0x00180081, 'EchoTime'],
  [0x00204000, 'ImageComments'],
  [0x0020000d, 'StudyInstanceUID'],
  [0x00080018, 'SOPInstanceUID'],
  [0x0019100c, '(0019,100C) b-value'],
  [0x00091001, '(0009,1001) request id'],
  [0x00291020, '(0029,1020) CSA header'],
  [0x00120062, 'PatientIdentityRemoved'],
];

/** What became of the elements of one instance that a visitor wants to see. */
export function compare(before: string, after: string): Comparison[] {
  const [was, is] = [readInstance(before).dataSet, readInstance(after).dataSet];
  const value = (dataSet: typeof was, tag: number): string => {
    const element = findElement(dataSet, tag);
    if (element === undefined) return '–';
    const bytes = element.valueEnd - element.valueStart;
    const joined = elementStrings(dataSet, element).join('\\');
    return joined === '' ? (bytes === 0 ? '(empty)' : `${bytes} bytes`) : joined;
  };
  return shown
    .map(([tag, keyword]) => ({keyword, before: value(was, tag), after: value(is, tag)}))
    .filter(({before, after}) => before !== '–' || after !== '–');
}
