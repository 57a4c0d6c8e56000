import type {CharacterSet} from '../dicom/charset.ts';
import {encodeText} from '../dicom/encodeText.ts';
import {implementationVersionName} from '../dicom/implementation.ts';
import type {Tag} from '../dicom/tag.ts';
import type {Vr} from '../dicom/vr.ts';
import {type NewElement, sequenceElement, textElement} from '../dicom/write.ts';
import {eventText} from './actions.ts';
import {profileEdition} from './profile/table.ts';
import type {DeidRequest} from './request.ts';

/** Codes of PS3.16 CID 7050 that this profile applies, in the order in which they are written. */
const optionMeanings: Readonly<Record<string, string>> = {
  '113100': 'Basic Application Confidentiality Profile',
  '113101': 'Clean Pixel Data Option',
  '113102': 'Clean Recognizable Visual Features Option',
  '113103': 'Clean Graphics Option',
  '113104': 'Clean Structured Content Option',
  '113105': 'Clean Descriptors Option',
  '113107': 'Retain Longitudinal Temporal Information Modified Dates Option',
  '113108': 'Retain Patient Characteristics Option',
  '113109': 'Retain Device Identity Option',
  '113111': 'Retain Safe Private Option',
};

/** Codes that stay true when an earlier de-identification claimed them: pixels stay clean. */
export const lastingCodes: ReadonlySet<string> = new Set(['113101', '113102']);

/**
 * Codes of the options that were applied to an instance.
 * @param earlier codes of {@link lastingCodes} that the input already had
 */
export function appliedCodes(
  request: DeidRequest,
  pixelsCleaned: boolean,
  earlier: ReadonlySet<string>,
): readonly string[] {
  return Object.keys(optionMeanings).filter(code => {
    if (code === '113101') return pixelsCleaned || earlier.has(code);
    if (code === '113102') return earlier.has(code);
    if (code === '113109') return request.retain.deviceIdentity;
    return true;
  });
}

const [major = '0', minor = '0'] = implementationVersionName.replace(/^FIONA_/, '').split('.');

/** (0012,0063): what was done, by what, by which profile. */
export const methodText = `Per DICOM PS 3.15 AnnexE\\Fiona ${major}.${minor}\\Profile ${profileEdition}`;

/** Elements of the request and of the method, each with its tag: they replace what the instance has, and are created where missing. */
export function stampElements(
  request: DeidRequest,
  characterSet: CharacterSet,
  pixelsCleaned: boolean,
  earlier: ReadonlySet<string>,
): NewElement[] {
  const text = (tag: Tag, vr: Exclude<Vr, 'SQ'>, value: string) => textElement(tag, vr, value, characterSet);
  const {subject, project, event, trialSponsor} = request;
  const elements: NewElement[] = [
    text(0x0008_0080, 'LO', project),
    text(0x0008_0090, 'PN', eventText(event)),
    text(0x0010_0010, 'PN', subject),
    text(0x0010_0020, 'LO', subject),
    text(0x0012_0020, 'LO', project),
    text(0x0012_0021, 'LO', project),
    text(0x0012_0040, 'LO', subject),
    text(0x0012_0050, 'LO', event),
    text(0x0012_0051, 'ST', event),
    text(0x0012_0062, 'CS', 'YES'),
    text(0x0012_0063, 'LO', methodText),
    codeSequence(appliedCodes(request, pixelsCleaned, earlier)),
    text(0x0028_0303, 'CS', 'MODIFIED'),
  ];
  if (trialSponsor !== undefined) elements.push(text(0x0012_0010, 'LO', trialSponsor));
  if (event !== '') elements.push(text(0x0040_1002, 'LO', eventText(event)), text(0x0040_2001, 'LO', eventText(event)));
  if (pixelsCleaned) elements.push(text(0x0028_0301, 'CS', 'NO'));
  return withFixedTexts(elements, request, text);
}

/** What the caller sets wins over what is set anyway. */
function withFixedTexts(
  elements: NewElement[],
  {fixedTexts = []}: DeidRequest,
  element: (tag: Tag, vr: Exclude<Vr, 'SQ'>, value: string) => NewElement,
): NewElement[] {
  if (fixedTexts.length === 0) return elements;
  const fixed = new Set(fixedTexts.map(({tag}) => tag));
  return [
    ...elements.filter(({tag}) => !fixed.has(tag)),
    ...fixedTexts.map(({tag, vr, text}) => element(tag, vr, text)),
  ];
}

function codeSequence(codes: readonly string[]): NewElement {
  return sequenceElement(
    0x0012_0064,
    codes.map(code => [
      textElement(0x0008_0100, 'SH', code),
      textElement(0x0008_0102, 'SH', 'DCM'),
      textElement(0x0008_0104, 'LO', optionMeanings[code] ?? ''),
    ]),
  );
}

/** True when all texts of the request can be written in a character set. */
export function canWrite(request: DeidRequest, characterSet: CharacterSet): boolean {
  const fixed = (request.fixedTexts ?? []).map(({text}) => text);
  return [request.subject, request.project, request.event, request.trialSponsor ?? '', ...fixed].every(
    value => encodeText(value, characterSet) !== undefined && encodeText(value, characterSet, true) !== undefined,
  );
}
