import type {CharacterSet} from '../dicom/charset.ts';
import {encodeText} from '../dicom/encodeText.ts';
import type {LayerNames} from './layerNames.ts';
import type {DeidRequest} from './request.ts';
import type {KnownIdentifiers} from './text/knownIdentifiers.ts';
import type {Vocabulary} from './text/vocabulary.ts';
import type {PseudonymBase, UidMapper} from './uid.ts';

/** What the decisions about the elements of one instance depend on, besides the element. */
export interface Setting {
  readonly request: DeidRequest;
  readonly base: PseudonymBase;
  readonly mapper: UidMapper;
  readonly vocabulary: Vocabulary;
  readonly known: KnownIdentifiers;
  /** Original StudyInstanceUID of the instance. */
  readonly studyInstanceUid: string;
  /** Character set of what is written; undefined = each text keeps that of its item. */
  readonly writeAs: CharacterSet | undefined;
  readonly layers: LayerNames;
}

/** Text as bytes of the set in which an item's texts are written, or undefined when it lacks a character. */
export function encodeFor(setting: Setting, own: CharacterSet, text: string, isPersonName = false): Buffer | undefined {
  return encodeText(text, setting.writeAs ?? own, isPersonName);
}
