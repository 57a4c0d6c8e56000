import {type DataSet, type Element, findElement, type Item} from '../dicom/dataSet.ts';
import {
  identifyingConcepts,
  itemTags,
  publicSchemes,
  structuralContentTags,
  studyClasses,
  studyConcept,
  studyReferenceSequences,
} from './profile/codes.ts';
import type {Action} from './profile/profileRow.ts';
import {canonicalValue} from './uid.ts';

/**
 * What an item is for, where that changes what happens to its elements:
 * - `identity`: it tells who somebody is; every value in it is a dummy
 * - `identifyingContent`: a content item of that kind: its value is a dummy, its structure stays
 * - `request`: attributes of a request: only cleaned descriptions and codes stay
 * - `codesOnly`: only codes stay
 */
export type PlaceMode = 'normal' | 'identity' | 'identifyingContent' | 'request' | 'codesOnly';

/** Where the walk is. */
export interface Place {
  /** 0 at the root. */
  readonly depth: number;
  readonly mode: PlaceMode;
  /** The item is a code of a public coding scheme. */
  readonly publicCode: boolean;
  /** The item refers to a study: its UID is mapped as that of the study is. */
  readonly studyReference: boolean;
}

export const rootPlace: Place = {depth: 0, mode: 'normal', publicCode: false, studyReference: false};

const modeOfAction: Partial<Record<Action, PlaceMode>> = {
  identity: 'identity',
  requestAttributes: 'request',
  codes: 'codesOnly',
};

/** The place that an item of a sequence is. */
export function placeOfItem(item: Item, action: Action, outer: Place, sequence: Element): Place {
  const scheme = firstText(item, itemTags.codingSchemeDesignator);
  return {
    depth: outer.depth + 1,
    mode: modeOfItem(item, action, outer, sequence),
    publicCode: scheme !== undefined && publicSchemes.has(scheme),
    studyReference: isStudyReference(item, sequence),
  };
}

function modeOfItem(item: Item, action: Action, outer: Place, sequence: Element): PlaceMode {
  if (outer.mode === 'identity') return 'identity';
  if (outer.mode === 'identifyingContent' && !structuralContentTags.has(sequence.tag)) return 'identity';
  if (outer.mode === 'request' || outer.mode === 'codesOnly') return 'codesOnly';
  const mode = modeOfAction[action];
  if (mode !== undefined) return mode;
  return isIdentifyingContent(item) ? 'identifyingContent' : 'normal';
}

function isStudyReference(item: Item, sequence: Element): boolean {
  if (studyReferenceSequences.has(sequence.tag)) return true;
  const sopClass = firstText(item, itemTags.referencedSopClassUid);
  return (sopClass !== undefined && studyClasses.has(sopClass)) || conceptCode(item) === studyConcept;
}

/** A content item (PS3.3 C.17.3) whose concept name is that of a person, subject, device observer or order. */
function isIdentifyingContent(item: Item): boolean {
  const code = conceptCode(item);
  return code !== undefined && identifyingConcepts.has(code);
}

function conceptCode(item: Item): string | undefined {
  const concept = findElement(item, itemTags.conceptNameCodeSequence)?.items?.[0];
  return concept === undefined ? undefined : firstText(concept, itemTags.codeValue);
}

function firstText(dataSet: DataSet, tag: number): string | undefined {
  const element = findElement(dataSet, tag);
  if (element === undefined) return undefined;
  return canonicalValue(dataSet.bytes.toString('latin1', element.valueStart, element.valueEnd));
}
