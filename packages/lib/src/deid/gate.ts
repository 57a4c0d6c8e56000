import type {DataSet} from '../dicom/dataSet.ts';
import {strings} from '../dicom/values.ts';
import {Halt, type SkipReason} from './outcome.ts';
import {gateTags} from './profile/imageTags.ts';
import type {DeidRequest} from './request.ts';
import {isWellKnownUid} from './uid.ts';

/** How likely text is burned into the pixels. */
export type PixelRisk = 'none' | 'possible' | 'declared';

const storageRoot = '1.2.840.10008.5.1.4.1.1.';
const standardRoot = '1.2.840.10008.';
/** Storage classes that stand elsewhere: real-time and generic implant objects. */
const otherStorageClasses = new Set(['1.2.840.10008.5.1.4.34.7', '1.2.840.10008.5.1.4.34.10']);
const rawDataClass = '1.2.840.10008.5.1.4.1.1.66';
const encapsulatedRoot = '1.2.840.10008.5.1.4.1.1.104.';
/** Photographs and video of people: endoscopy, microscopy of the living, photography, dermoscopy. Not the fundus of the eye. */
const faceClasses = new Set(
  ['.77.1.1', '.77.1.1.1', '.77.1.2.1', '.77.1.4', '.77.1.4.1', '.77.1.7'].map(end => `1.2.840.10008.5.1.4.1.1${end}`),
);
/** Secondary capture and ultrasound: screens are stored as they were seen. */
const screenClasses = new Set(
  ['.7', '.7.1', '.7.2', '.7.3', '.7.4', '.6', '.6.1', '.3', '.3.1'].map(end => `1.2.840.10008.5.1.4.1.1${end}`),
);
const screenImageTypes = new Set(['SCREEN SAVE', 'SCREENSAVE', 'DOSE_INFO', 'REPORT', 'SCREENSHOT']);
const scannedConversionTypes = new Set(['SD', 'SI', 'WSD']);

/**
 * Stops instances of a kind that is not sent, whatever they hold.
 * @throws Halt skipped
 */
export function checkSopClass(sopClassUid: string, request: DeidRequest): void {
  const reason = skipReason(sopClassUid, request);
  if (reason !== undefined) throw new Halt({kind: 'skipped', reason, sopClassUid});
}

function skipReason(sopClassUid: string, {allow}: DeidRequest): SkipReason | undefined {
  // a model (STL, OBJ) could be allowed once its names and comments are cut out; until then no project can
  if (sopClassUid.startsWith(encapsulatedRoot)) return 'encapsulated-document';
  if (allow.includes(sopClassUid)) return undefined;
  if (sopClassUid === rawDataClass) return allow.includes('raw-data') ? undefined : 'raw-data';
  if (faceClasses.has(sopClassUid)) return 'declared-face';
  if (!sopClassUid.startsWith(standardRoot)) return 'private-sop-class';
  const isStandard = isWellKnownUid(sopClassUid);
  return (isStandard && sopClassUid.startsWith(storageRoot)) || otherStorageClasses.has(sopClassUid)
    ? undefined
    : 'not-a-storage-instance';
}

/**
 * Whether text may be burned in, from what the instance says of itself and what the classification found.
 * @param hasPixels false for objects without an image
 */
export function pixelRisk(root: DataSet, sopClassUid: string, hasPixels: boolean, burned: boolean): PixelRisk {
  if (!hasPixels) return 'none';
  const annotation = strings(root, gateTags.burnedInAnnotation)?.[0];
  if (annotation === 'YES' || burned) return 'declared';
  const imageType = (strings(root, gateTags.imageType) ?? []).map(value => value.toUpperCase());
  const isScanned = (strings(root, gateTags.conversionType) ?? []).some(value => scannedConversionTypes.has(value));
  if (isScanned || imageType.some(value => screenImageTypes.has(value))) return 'possible';
  // whoever says so in the file has looked at the pixels; nobody says it of screens by mistake
  if (annotation === 'NO') return 'none';
  const isSecondary = imageType[0] === 'DERIVED' && imageType[1] === 'SECONDARY';
  const isCaptured = root.elements.some(
    ({tag}) => tag >= gateTags.secondaryCaptureFirst && tag <= gateTags.secondaryCaptureLast,
  );
  const isScreen = screenClasses.has(sopClassUid) || strings(root, gateTags.modality)?.[0] === 'US';
  return isScreen || isSecondary || isCaptured ? 'possible' : 'none';
}
