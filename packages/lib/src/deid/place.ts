import {type DataSet, type Element, findElement, type Item} from '../dicom/dataSet.ts';
import type {InstanceItems} from './instanceItems.ts';
import {
  ageConcept,
  identifyingConcepts,
  itemTags,
  publicSchemes,
  structuralContentTags,
  studyClasses,
  studyConcept,
  studyReferenceSequences,
  yearsUnit,
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
  /** Concept name of the content item. */
  readonly concept: string | undefined;
  /** The item is the value of a subject's age in years. */
  readonly ageInYears: boolean;
}

export const rootPlace: Place = {
  depth: 0,
  mode: 'normal',
  publicCode: false,
  studyReference: false,
  concept: undefined,
  ageInYears: false,
};

const modeOfAction: Partial<Record<Action, PlaceMode>> = {
  identity: 'identity',
  requestAttributes: 'request',
  codes: 'codesOnly',
};

/** The place that an item of a sequence is. @param items of the instance */
export function placeOfItem(item: Item, action: Action, outer: Place, sequence: Element, items: InstanceItems): Place {
  const scheme = firstText(item, itemTags.codingSchemeDesignator);
  const concept = codeIn(item, itemTags.conceptNameCodeSequence, items);
  return {
    depth: outer.depth + 1,
    mode: modeOfItem(concept, action, outer, sequence),
    publicCode: scheme !== undefined && publicSchemes.has(scheme),
    studyReference: concept === studyConcept || isStudyReference(item, sequence),
    concept,
    ageInYears:
      outer.concept === ageConcept && codeIn(item, itemTags.measurementUnitsCodeSequence, items) === yearsUnit,
  };
}

function modeOfItem(concept: string | undefined, action: Action, outer: Place, sequence: Element): PlaceMode {
  if (outer.mode === 'identity') return 'identity';
  if (outer.mode === 'identifyingContent' && !structuralContentTags.has(sequence.tag)) return 'identity';
  if (outer.mode === 'request' || outer.mode === 'codesOnly') return 'codesOnly';
  const mode = modeOfAction[action];
  if (mode !== undefined) return mode;
  // a content item (PS3.3 C.17.3) whose concept name is that of a person, subject, device observer or order
  return concept !== undefined && identifyingConcepts.has(concept) ? 'identifyingContent' : 'normal';
}

function isStudyReference(item: Item, sequence: Element): boolean {
  if (studyReferenceSequences.has(sequence.tag)) return true;
  const sopClass = firstText(item, itemTags.referencedSopClassUid);
  return sopClass !== undefined && studyClasses.has(sopClass);
}

/** The code in the first item of a sequence of codes, also when the sequence hides in a value of VR UN. */
function codeIn(item: Item, sequence: number, items: InstanceItems): string | undefined {
  const element = findElement(item, sequence);
  const code = element === undefined ? undefined : items.of(item, element)?.[0];
  return code === undefined ? undefined : firstText(code, itemTags.codeValue);
}

function firstText(dataSet: DataSet, tag: number): string | undefined {
  const element = findElement(dataSet, tag);
  if (element === undefined) return undefined;
  return canonicalValue(dataSet.bytes.toString('latin1', element.valueStart, element.valueEnd));
}
