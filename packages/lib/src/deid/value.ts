import type {CharacterSet} from '../dicom/charset.ts';
import type {Tag} from '../dicom/tag.ts';
import type {Vr} from '../dicom/vr.ts';

/** A value to decide about. */
export interface Value {
  readonly tag: Tag;
  /** The stored bytes as a latin-1 string, padding included. */
  readonly raw: string;
  /** VR of the file. */
  readonly fileVr: Vr;
  /** VR by which the value is judged and with which it is written: the dictionary's. */
  readonly vr: Exclude<Vr, 'SQ'>;
  readonly characterSet: CharacterSet;
  /** The item is a code of a public coding scheme. */
  readonly publicCode: boolean;
}
