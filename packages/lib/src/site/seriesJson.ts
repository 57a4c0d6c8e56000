import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';
import {readTextFile} from '../fs/jsonFile.ts';

/** Keys of a series summary whose value is one text; absent attributes have no key. */
export const seriesTextKeys = [
  'AccessionNumber',
  'AcquisitionLength',
  'AcquisitionMatrix',
  'ActiveCoils',
  'ClassifyRulesHash',
  'EchoTime',
  'ImageType',
  'ImagesInAcquisition',
  'InstanceNumber',
  'InstitutionName',
  'Manufacturer',
  'ManufacturerModelName',
  'MeasID',
  'NumFiles',
  'NumSlices',
  'NumberOfTemporalPositions',
  'OSLevel',
  'OperatorsName',
  'PatientID',
  'PatientName',
  'PatientSex',
  'PhaseEncodingDirectionPositive',
  'Private0019_105a',
  'Private0019_10BB',
  'Private0043_1039',
  'PulseSequenceName',
  'RepetitionTime',
  'SOPClassUID',
  'ScanningSequence',
  'SequenceName',
  'SequenceType',
  'SequenceVariant',
  'SeriesDate',
  'SeriesDescription',
  'SeriesInstanceUID',
  'SeriesNumber',
  'SeriesTime',
  'SliceLocation',
  'SliceSpacing',
  'SliceThickness',
  'Slices',
  'SoftwareVersion',
  'StationName',
  'StudyDate',
  'StudyDescription',
  'StudyID',
  'StudyInstanceUID',
  'StudyTime',
  'siemensUUID',
] as const;

/** Keys whose value is a list of texts. */
export const seriesListKeys = ['ClassifySeriesLevelFailed', 'ClassifyType', 'Modality'] as const;

/** Keys with a structure of their own. */
export const seriesObjectKeys = ['IncomingConnection', 'siemensDiffusionInformation'] as const;

export type SeriesTextKey = (typeof seriesTextKeys)[number];
export type SeriesListKey = (typeof seriesListKeys)[number];

/** Who sent the first instance of the series to whom. `CallerIP` may be a host name. */
export interface IncomingConnection {
  AETitleCaller: string;
  AETitleCalled: string;
  CallerIP: string;
}

/** One record per image of a Siemens diffusion series. */
export interface DiffusionRecord {
  SOPInstanceUID?: string;
  InstanceNumber?: string;
  B_value?: string;
  DiffusionDirectionality?: string;
  DiffusionGradientDirection?: string[];
}

/** A series summary `site/raw/<Study>/<Series>.json`. Everything may be missing in what older versions wrote. */
export type SeriesJson = {[K in SeriesTextKey]?: string} & {[K in SeriesListKey]?: string[]} & {
  IncomingConnection?: IncomingConnection;
  siemensDiffusionInformation?: DiffusionRecord[];
};

/** A series summary that is not JSON or no object. */
export class SeriesJsonError extends FionaError {
  readonly exitCode = exitCode.badData;
  readonly path: string;

  constructor(path: string, why: string) {
    super(`series summary ${path}: ${why}`);
    this.path = path;
  }
}

/**
 * Reads a series summary, tolerantly: a number in place of a text becomes its text, a text in place of a list a list of
 * one; values of other types are left out.
 * @returns undefined when there is no such file
 * @throws SeriesJsonError when it is not JSON or no object; FileError when it cannot be read
 */
export async function readSeriesJson(path: string): Promise<SeriesJson | undefined> {
  const text = await readTextFile(path);
  return text === undefined ? undefined : parseSeriesJson(path, text);
}

/**
 * The same from a text; `path` is for the message only.
 * @throws SeriesJsonError
 */
export function parseSeriesJson(path: string, text: string): SeriesJson {
  const value = parseSeriesObject(path, text);
  const series: SeriesJson = {};
  for (const key of seriesTextKeys) {
    const found = textOf(value[key]);
    if (found !== undefined) series[key] = found;
  }
  for (const key of seriesListKeys) {
    const found = listOf(value[key]);
    if (found) series[key] = found;
  }
  const connection = value.IncomingConnection;
  if (isRecord(connection)) {
    series.IncomingConnection = {
      AETitleCaller: textOf(connection.AETitleCaller) ?? '',
      AETitleCalled: textOf(connection.AETitleCalled) ?? '',
      CallerIP: textOf(connection.CallerIP) ?? '',
    };
  }
  const records = value.siemensDiffusionInformation;
  if (Array.isArray(records)) series.siemensDiffusionInformation = records.filter(isRecord);
  return series;
}

/**
 * The object of a series summary with whatever keys it has, for the one that updates it.
 * @throws SeriesJsonError
 */
export function parseSeriesObject(path: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SeriesJsonError(path, text === '' ? 'is empty' : 'is not JSON');
  }
  if (!isRecord(value)) throw new SeriesJsonError(path, 'is no JSON object');
  return value;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

function listOf(value: unknown): string[] | undefined {
  if (Array.isArray(value)) return value.map(textOf).filter(text => text !== undefined);
  const text = textOf(value);
  return text === undefined ? undefined : [text];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
