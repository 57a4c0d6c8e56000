import type {CharacterSet} from '../dicom/charset.ts';
import {encodeText} from '../dicom/encodeText.ts';
import {implementationVersionName} from '../dicom/implementation.ts';
import type {Tag} from '../dicom/tag.ts';
import {type NewElement, sequenceElement, textElement} from '../dicom/write.ts';
import {eventText} from './actions.ts';
import {itemTags} from './profile/codes.ts';
import {type StampContent, stampRows} from './profile/stampRows.ts';
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
  '113106': 'Retain Longitudinal Temporal Information Full Dates Option',
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
    // days that are moved by none are the full dates
    if (code === '113106' || code === '113107') return (request.dateIncrement === 0) === (code === '113106');
    if (code === '113109') return request.retain.deviceIdentity;
    return true;
  });
}

const [major = '0', minor = '0'] = implementationVersionName.replace(/^FIONA_/, '').split('.');

/** (0012,0063): what was done, by what, by which profile. */
export const methodText = `Per DICOM PS 3.15 AnnexE\\Fiona ${major}.${minor}\\Profile ${profileEdition}`;

/**
 * Elements of the request and of the method, each with its tag: they replace what the instance has, and are created where missing.
 * @param earlier codes of {@link lastingCodes} that the input already had
 */
export function stampElements(
  request: DeidRequest,
  characterSet: CharacterSet,
  pixelsCleaned: boolean,
  earlier: ReadonlySet<string>,
): NewElement[] {
  const contents = stampContents(request);
  const elements = stampRows
    .filter(
      ([, , , content, condition]) =>
        condition === 'always' ||
        (condition === 'withText' && contents[content] !== '') ||
        (condition === 'cleanedPixels' && pixelsCleaned),
    )
    .map(([tag, , vr, content]) =>
      vr === 'SQ'
        ? codeSequence(tag, appliedCodes(request, pixelsCleaned, earlier))
        : textElement(tag, vr, contents[content], characterSet),
    );
  return withFixedTexts(elements, request, characterSet);
}

/** Elements that the modules of the stamped ones need, where the instance has none: they say nothing. */
export function missingElements(has: (tag: Tag) => boolean): NewElement[] {
  return stampRows.flatMap(([tag, , vr, , condition]) =>
    condition === 'ifMissing' && vr !== 'SQ' && !has(tag) ? [textElement(tag, vr, '')] : [],
  );
}

function stampContents({
  subject,
  project,
  event,
  trialSponsor,
  dateIncrement,
}: DeidRequest): Record<StampContent, string> {
  return {
    subject,
    project,
    event,
    eventName: eventText(event),
    nothing: '',
    yes: 'YES',
    no: 'NO',
    datesModified: dateIncrement === 0 ? 'UNMODIFIED' : 'MODIFIED',
    method: methodText,
    methodCodes: '',
    sponsor: trialSponsor ?? '',
  };
}

/** What the caller sets wins over what is set anyway. */
function withFixedTexts(
  elements: NewElement[],
  {fixedTexts = []}: DeidRequest,
  characterSet: CharacterSet,
): NewElement[] {
  if (fixedTexts.length === 0) return elements;
  const fixed = new Set(fixedTexts.map(({tag}) => tag));
  return [
    ...elements.filter(({tag}) => !fixed.has(tag)),
    ...fixedTexts.map(({tag, vr, text}) => textElement(tag, vr, text, characterSet)),
  ];
}

function codeSequence(tag: Tag, codes: readonly string[]): NewElement {
  return sequenceElement(
    tag,
    codes.map(code => [
      textElement(itemTags.codeValue, 'SH', code),
      textElement(itemTags.codingSchemeDesignator, 'SH', 'DCM'),
      textElement(itemTags.codeMeaning, 'LO', optionMeanings[code] ?? ''),
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
