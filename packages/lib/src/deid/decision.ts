import type {Vr} from '../dicom/vr.ts';
import type {Counter, Label} from './tally.ts';

/** Element's new value as bytes of the data set; `undefined` bytes = the element as it is. */
export type Decision =
  | {readonly kind: 'keep'; readonly label: Label; readonly counts?: Counts}
  | {readonly kind: 'remove'; readonly label: Label; readonly counts?: Counts}
  | {
      readonly kind: 'replace';
      readonly label: Label;
      readonly vr: Exclude<Vr, 'SQ'>;
      readonly value: Buffer;
      readonly counts?: Counts;
    }
  /** A sequence: keep it and clean every item. */
  | {readonly kind: 'items'; readonly label: Label};

export type Counts = Partial<Record<Counter, number>>;

export const keepIt: Decision = {kind: 'keep', label: 'keep'};
export const removeIt: Decision = {kind: 'remove', label: 'remove'};
export const cleanItems: Decision = {kind: 'items', label: 'keep'};
export const removeInvalid: Decision = {kind: 'remove', label: 'remove', counts: {invalidValue: 1}};

const nothing = Buffer.alloc(0);

/** Zero length in the VR that the element is written with. */
export function emptyIt(vr: Exclude<Vr, 'SQ'>, counts?: Counts): Decision {
  return counts === undefined
    ? {kind: 'replace', label: 'empty', vr, value: nothing}
    : {kind: 'replace', label: 'empty', vr, value: nothing, counts};
}

/** Zero length because the value does not fit its VR. */
export function invalidIt(vr: Exclude<Vr, 'SQ'>): Decision {
  return emptyIt(vr, {invalidValue: 1});
}
