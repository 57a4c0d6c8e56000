import {parseCsa} from '@fiona/lib/dicom/csa';
import {type DataSet, findElement, valueBytes} from '@fiona/lib/dicom/dataSet';
import type {Tag} from '@fiona/lib/dicom/tag';
import type {Uid} from '@fiona/lib/dicom/uid';
import type {DiffusionRecord} from '@fiona/lib/site/seriesJson';

/** The diffusion record of an image that has a CSA image header; no record when it is no diffusion image. */
export interface DiffusionFacts {
  record: DiffusionRecord | undefined;
}

/** What the Siemens CSA headers of an image say. */
export interface CsaFacts {
  /** `siemensUUID`, `OSLevel`, `NumSlices`, `MeasID`, `PhaseEncodingDirectionPositive`, as far as they are there. */
  keys: Record<string, string>;
  /** Undefined when there is no readable image header. */
  diffusion: DiffusionFacts | undefined;
}

type CsaHeader = ReadonlyMap<string, string | readonly string[]>;

// the block number depends on what else reserved group 0029
const imageHeaders: readonly Tag[] = [0x00291010, 0x00291210, 0x00291110];
const seriesHeaders: readonly Tag[] = [0x00291020, 0x00291220, 0x00291120];

/** Lines of the measurement protocol that the series header embeds; the doubled quotes are literal. */
const protocolLines: readonly (readonly [key: string, line: RegExp])[] = [
  ['siemensUUID', /sWipMemBlock.tFree\t\s*=\s*\t""([^"]+)/],
  ['OSLevel', /sProtConsistencyInfo.tMeasuredBaselineString\t\s*=\s*\t""N4_([^_"]+)/],
  ['NumSlices', /sGroupArray\.asGroup\[0\]\.nSize\t\s*=\s*\t([^\ns"]+)/],
  ['MeasID', /SequenceID\t\s*=\s*\t([^\n"]+)/],
];

/** Reads the CSA headers; unreadable ones count as absent. */
export function csaFacts(dataSet: DataSet, instance: Uid, instanceNumber: unknown): CsaFacts {
  const keys: Record<string, string> = {};
  const protocol = single(readHeader(dataSet, seriesHeaders)?.get('MrPhoenixProtocol'));
  for (const [key, line] of protocol === undefined ? [] : protocolLines) {
    const found = line.exec(protocol ?? '')?.[1];
    if (found !== undefined) keys[key] = found;
  }
  const header = readHeader(dataSet, imageHeaders);
  const direction = single(header?.get('PhaseEncodingDirectionPositive'));
  if (direction) keys.PhaseEncodingDirectionPositive = direction;
  return {keys, diffusion: header && {record: diffusionRecord(header, instance, instanceNumber)}};
}

function readHeader(dataSet: DataSet, candidates: readonly Tag[]): CsaHeader | undefined {
  for (const tag of candidates) {
    const element = findElement(dataSet, tag);
    const bytes = element && valueBytes(dataSet, element);
    // the first that is not empty wins, readable or not
    if (bytes && bytes.length > 0) return parseCsa(bytes);
  }
  return undefined;
}

function diffusionRecord(header: CsaHeader, instance: Uid, instanceNumber: unknown): DiffusionRecord | undefined {
  const directionality = single(header.get('DiffusionDirectionality'));
  if (!directionality) return undefined;
  const record: DiffusionRecord = {DiffusionDirectionality: directionality, SOPInstanceUID: instance};
  if (typeof instanceNumber === 'string') record.InstanceNumber = instanceNumber;
  const bValue = single(header.get('B_value'));
  if (bValue) record.B_value = bValue;
  const gradient = header.get('DiffusionGradientDirection');
  if (typeof gradient === 'object') record.DiffusionGradientDirection = [...gradient];
  return record;
}

/** One text of an element; of several the first. */
function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
