import type {FionaError} from '@fiona/lib/cli/fionaError';
import {shortHash} from '@fiona/lib/cli/shortHash';
import {asUid} from '@fiona/lib/dicom/uid';
import {FileError} from '@fiona/lib/fs/fileError';
import {JsonFileError, readTextFile} from '@fiona/lib/fs/jsonFile';
import {trimmed} from '@fiona/lib/redcap/routing';
import {parseRequest, type TransferRequest} from '@fiona/lib/transfers/request';
import {TransferRequestError} from '@fiona/lib/transfers/requestError';
import {type RequestFile, readRequest} from '@fiona/lib/transfers/requestFolder';

/** What a request file holds. */
export type RequestContent =
  | {
      readonly kind: 'request';
      readonly request: TransferRequest;
      /** No data set may carry the request's name, for this reason: its transfer fails. */
      readonly nameProblem: string | undefined;
    }
  /** Somebody may be writing it just now. */
  | {readonly kind: 'half-written'}
  | {readonly kind: 'unusable'; readonly error: FionaError}
  | {readonly kind: 'gone'};

/** A file that is not JSON may be one that somebody is just writing. */
export const halfWrittenMs = 60_000;

/**
 * Reads a request file.
 * @throws FileError
 */
export async function readRequestFile(file: RequestFile, now: Date): Promise<RequestContent> {
  try {
    const request = await readRequest(file.path);
    return request === undefined ? {kind: 'gone'} : {kind: 'request', request, nameProblem: undefined};
  } catch (error) {
    if (error instanceof JsonFileError || isForbidden(error)) return {kind: 'unusable', error};
    if (!(error instanceof TransferRequestError)) throw error;
    const isYoung = now.getTime() - file.modified < halfWrittenMs;
    if (error.problem === 'not-json' && isYoung) return {kind: 'half-written'};
    if (error.field !== 'transfer_name') return {kind: 'unusable', error};
    return (await readDespiteName(file.path, error)) ?? {kind: 'unusable', error};
  }
}

/** One file that we may not read must not hold up all others. */
function isForbidden(error: unknown): error is FileError {
  return error instanceof FileError && (error.code === 'EACCES' || error.code === 'EPERM');
}

/**
 * REDCap must hear of a transfer whose name breaks the rules, else it is asked for again every minute: all but the name is read as usual.
 */
async function readDespiteName(path: string, error: TransferRequestError): Promise<RequestContent | undefined> {
  try {
    const content = JSON.parse((await readTextFile(path)) ?? '') as Record<string, unknown>;
    const name = content.transfer_name;
    if (typeof name !== 'string' || trimmed(name) === '') return undefined;
    const request = parseRequest(JSON.stringify({...content, transfer_name: 'x'}));
    return {kind: 'request', request: {...request, name: trimmed(name)}, nameProblem: error.message};
  } catch {
    return undefined;
  }
}

/** A request file for the log: its name may hold a pseudonym, or whatever somebody called a file of his own. */
export function loggedName({name}: RequestFile): string {
  const study = asUid(name.split('_')[0] ?? '');
  return study === undefined ? `request ${shortHash(name)}` : `request ${shortHash(name)} of ${study}`;
}
