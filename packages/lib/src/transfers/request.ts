import {shortHash} from '../cli/shortHash.ts';
import {asUid, type Uid} from '../dicom/uid.ts';
import {trimmed} from '../redcap/routing.ts';
import {TransferRequestError} from './requestError.ts';
import {subjectProblem} from './subject.ts';

/** One transfer of one study to one research project: a row of the repeating form `transfers` of Incoming. */
export interface TransferRequest {
  readonly study: Uid;
  /** Instance of the row, from 1. */
  readonly instance: number;
  /** Destination, spelled as `project_name`. */
  readonly project: string;
  /** The pseudonym; becomes PatientID and PatientName. */
  readonly name: string;
  /** Event, may be blank. */
  readonly event: string;
  /** `YYYY-MM-DD HH:MM` in REDCap's zone, or blank. */
  readonly requestedDate: string;
  /** `YYYY-MM-DD HH:MM` of the last attempt that ended, blank = outstanding. */
  readonly transferDate: string;
}

/** Content of a request file: keys by code point, indent 2, no newline at the end. */
export function formatRequest(request: TransferRequest): string {
  const content = {
    redcap_repeat_instance: request.instance,
    redcap_repeat_instrument: 'transfers',
    study_instance_uid: request.study,
    transfer_date: request.transferDate,
    transfer_event_name: request.event,
    transfer_name: request.name,
    transfer_project_name: request.project,
    transfer_requested_date: request.requestedDate,
  };
  return JSON.stringify(content, null, 2);
}

/**
 * Reads the content of a request file; keys it does not know are ignored, since older tools wrote whole rows.
 * @throws TransferRequestError when it is not a JSON object, or a value can't be used: no valid UID, blank project, a name that
 * breaks the subject rule, an instance below 1
 */
export function parseRequest(text: string): TransferRequest {
  const content = parseObject(text);
  const study = asUid(textOf(content, 'study_instance_uid'));
  if (study === undefined) throw invalid('study_instance_uid', 'is no valid UID');
  const project = textOf(content, 'transfer_project_name');
  if (project === '') throw invalid('transfer_project_name', 'is blank');
  const name = textOf(content, 'transfer_name');
  const problem = subjectProblem(name);
  if (problem !== undefined) throw invalid('transfer_name', problem);
  if (textOf(content, 'redcap_repeat_instrument', 'transfers') !== 'transfers') {
    throw invalid('redcap_repeat_instrument', 'is not transfers');
  }
  return {
    study,
    instance: instanceOf(content),
    project,
    name,
    event: textOf(content, 'transfer_event_name'),
    requestedDate: textOf(content, 'transfer_requested_date'),
    transferDate: textOf(content, 'transfer_date'),
  };
}

/** Two requests ask for the same when project, name and event are equal; the dates are history. */
export function sameTransfer(a: TransferRequest, b: TransferRequest): boolean {
  return (
    a.study === b.study &&
    a.instance === b.instance &&
    a.project === b.project &&
    a.name === b.name &&
    a.event === b.event
  );
}

const longestFileName = 255;

/**
 * Name of the request file: `<study>_<project>_<name>_<instance>.json`, in project and name `/`, `\`, `%` and control characters
 * as `%XX` of their UTF-8 bytes. Longer than 255 bytes: the name part is cut (then the project part), followed by `~` and 8 hex digits
 * of the SHA-256 of both. The name is never parsed; it begins with the StudyInstanceUID and an underscore.
 */
export function requestFileName(request: Pick<TransferRequest, 'study' | 'project' | 'name' | 'instance'>): string {
  const project = escaped(request.project);
  const name = escaped(request.name);
  const full = `${request.study}_${project}_${name}_${request.instance}.json`;
  if (Buffer.byteLength(full) <= longestFileName) return full;
  const end = `~${shortHash(`${request.project}\0${request.name}`)}_${request.instance}.json`;
  const room = longestFileName - Buffer.byteLength(`${request.study}_`) - Buffer.byteLength(end);
  return `${request.study}_${cutToBytes(`${project}_${name}`, room)}${end}`;
}

function escaped(text: string): string {
  return text.replace(/[/\\%]|\p{Cc}/gu, character =>
    [...Buffer.from(character)].map(byte => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** The longest beginning of a text that takes at most so many bytes in UTF-8; characters are not split. */
export function cutToBytes(text: string, bytes: number): string {
  let size = 0;
  let end = 0;
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > bytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function parseObject(text: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new TransferRequestError('not-json', 'the request is not JSON');
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new TransferRequestError('not-json', 'the request is no JSON object');
  }
  return content as Record<string, unknown>;
}

/** A text value, trimmed; a missing key is the default. */
function textOf(content: Record<string, unknown>, key: string, missing = ''): string {
  const value = Object.hasOwn(content, key) ? content[key] : undefined;
  if (value === undefined || value === null) return missing;
  if (typeof value !== 'string') throw invalid(key, 'is no text');
  return trimmed(value);
}

function instanceOf(content: Record<string, unknown>): number {
  const value = content.redcap_repeat_instance;
  const number = typeof value === 'string' && /^ *\d{1,9} *$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1) {
    throw invalid('redcap_repeat_instance', 'is no whole number from 1');
  }
  return number;
}

function invalid(key: string, problem: string): TransferRequestError {
  return new TransferRequestError('invalid-field', `${key} of the request ${problem}`, key);
}
