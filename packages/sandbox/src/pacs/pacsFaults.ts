import type {Tag} from '@fiona/lib/dicom/tag';
import type {PacsOperation} from '../faults/faultFormat.ts';

/** A fault to be acted out by the PACS. */
export type PacsFault =
  | {kind: 'status'; status: number}
  | {kind: 'reject'; transient: boolean}
  | {kind: 'abort'}
  /** Abort after so many instances, matches or sub-operations went well. */
  | {kind: 'abortAfter'; count: number}
  | {kind: 'delay'; milliseconds: number}
  /** Of this and the next instances of the association so many are answered with success but not stored, or not sent. */
  | {kind: 'dropInstances'; count: number}
  /** At most so many matches; then success, or this status. */
  | {kind: 'cap'; count: number; status: number}
  /** The key is taken for empty. */
  | {kind: 'ignoreKey'; tag: Tag};

/** Whom the PACS asks before each operation. */
export interface PacsFaultSource {
  /** The text of the next fault for this operation, used up once. */
  take(operation: PacsOperation): string | undefined;
}

/** Reads the text of a fault (`status:A700`); undefined when it is none for a PACS. */
export function parsePacsFault(text: string): PacsFault | undefined {
  const [word, first = '', second = ''] = text.split(':');
  switch (word) {
    case 'status':
      return {kind: 'status', status: Number.parseInt(first, 16)};
    case 'reject':
      return {kind: 'reject', transient: first === 'transient'};
    case 'abort':
      return {kind: 'abort'};
    case 'abortAfter':
      return {kind: 'abortAfter', count: Number(first)};
    case 'delay':
      return {kind: 'delay', milliseconds: Number(first)};
    case 'dropInstances':
      return {kind: 'dropInstances', count: Number(first)};
    case 'cap':
      return {kind: 'cap', count: Number(first), status: 0};
    case 'capStatus':
      return {kind: 'cap', count: Number(first), status: Number.parseInt(second, 16)};
    case 'ignoreKey':
      return {kind: 'ignoreKey', tag: Number.parseInt(first.replace(',', ''), 16)};
    default:
      return undefined;
  }
}

/** The next fault for an operation, ready to be acted out. */
export function nextFault(faults: PacsFaultSource | undefined, operation: PacsOperation): PacsFault | undefined {
  const text = faults?.take(operation);
  return text === undefined ? undefined : parsePacsFault(text);
}
