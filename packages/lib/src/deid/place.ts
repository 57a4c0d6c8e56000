import {type DataSet, type Element, findElement, type Item} from '../dicom/dataSet.ts';
import {identifyingConcepts, itemTags, publicSchemes, structuralContentTags} from './profile/codes.ts';
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
}

export const rootPlace: Place = {depth: 0, mode: 'normal', publicCode: false};

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

/** A content item (PS3.3 C.17.3) whose concept name is that of a person, subject, device observer or order. */
function isIdentifyingContent(item: Item): boolean {
  const concept = findElement(item, itemTags.conceptNameCodeSequence)?.items?.[0];
  if (concept === undefined) return false;
  const code = firstText(concept, itemTags.codeValue);
  return code !== undefined && identifyingConcepts.has(code);
}

function firstText(dataSet: DataSet, tag: number): string | undefined {
  const element = findElement(dataSet, tag);
  if (element === undefined) return undefined;
  return canonicalValue(dataSet.bytes.toString('latin1', element.valueStart, element.valueEnd));
}
