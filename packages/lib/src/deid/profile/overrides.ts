import {formatTag} from '../../dicom/tag.ts';
import {DeidError} from '../deidError.ts';
import type {ProfileOverride} from '../request.ts';
import type {Action} from './profileRow.ts';

const actions: Readonly<Record<string, Action>> = {
  X: 'remove',
  remove: 'remove',
  Z: 'empty',
  empty: 'empty',
  D: 'dummy',
  dummy: 'dummy',
  U: 'uid',
  uid: 'uid',
  K: 'keep',
  keep: 'keep',
  C: 'descriptor',
  clean: 'descriptor',
};

/** The action that a site may write in an override, by the letters of the standard or as a word. */
export function actionOfOverride(text: string): Action | undefined {
  return Object.hasOwn(actions, text) ? actions[text] : undefined;
}

/** Rows of the patient module that may be kept: they say what the patient is like, not who. */
const harmlessPatientTags = new Set([
  0x0010_0040, 0x0010_1010, 0x0010_1020, 0x0010_1030, 0x0010_2160, 0x0010_21a0, 0x0010_21c0, 0x0010_2203,
]);

/**
 * Refuses overrides that would keep who the patient is.
 * @throws DeidError
 */
export function checkOverrides(overrides: readonly ProfileOverride[]): void {
  for (const {tag, action} of overrides) {
    const keeps = action === 'keep' || action === 'descriptor';
    if (tag >>> 16 === 0x0010 && keeps && !harmlessPatientTags.has(tag)) {
      throw new DeidError(
        'profileOverrides',
        `ANONYMIZER.profileOverrides may not keep ${formatTag(tag)}: it tells who the patient is`,
      );
    }
  }
}
