import type {Tag} from '../dicom/tag.ts';
import type {Vr} from '../dicom/vr.ts';
import type {Place} from './place.ts';
import {isCodeTag, itemTags, requestAttributeTags, structuralContentTags, studyReferenceTags} from './profile/codes.ts';
import type {Action} from './profile/profileRow.ts';

/** What is done anyway in items that tell who somebody is. */
const staysInIdentities: ReadonlySet<Action> = new Set(['remove', 'classUid', 'uid', 'studyUid']);

/** The action for an element where it stands: in some items most may not stay, whatever the profile says of them elsewhere. */
export function actionAt(place: Place, tag: Tag, action: Action, vr: Vr | undefined): Action {
  if (place.ageInYears && tag === itemTags.numericValue) return 'years';
  if (place.studyReference && action === 'uid' && studyReferenceTags.has(tag)) return 'studyUid';
  if (place.mode === 'request' && !requestAttributeTags.has(tag)) return 'remove';
  if (place.mode === 'codesOnly' && !isCodeTag(tag)) return 'remove';
  const isValue = place.mode === 'identity' || (place.mode === 'identifyingContent' && !structuralContentTags.has(tag));
  if (!isValue || staysInIdentities.has(action)) return action;
  return vr === 'SQ' ? 'identity' : 'dummy';
}
