import {lstat} from 'node:fs/promises';
import {basename, resolve} from 'node:path';
import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';
import {JsonFileError} from '@fiona/lib/fs/jsonFile';
import {presentFields} from '@fiona/lib/redcap/fields';
import {incomingRows, type Transfer, transferFields} from '@fiona/lib/redcap/incoming';
import {moveToDone, moveToFailed} from '@fiona/lib/transfers/finish';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import {TransferRequestError} from '@fiona/lib/transfers/requestError';
import {listRequests, type RequestFile, readRequest} from '@fiona/lib/transfers/requestFolder';
import {isPaused, readRetry} from '@fiona/lib/transfers/retry';
import type {Dependencies, SendOptions} from './anonymizeAndSend.ts';
import {failureMessages} from './failureMessages.ts';
import {type Wanted, wantedBy} from './wanted.ts';

/** A request that was read, with what REDCap says of it. */
export interface Claimed {
  readonly file: RequestFile;
  readonly request: TransferRequest;
  readonly wanted: Wanted;
}

/** The requests of this run, in their order; those that arrive meanwhile included. */
export interface RequestQueue {
  /** @throws RedcapError, FileError */
  next(): Promise<Claimed | undefined>;
  setObsolete(file: RequestFile, request: TransferRequest): Promise<void>;
  moveAlreadyDone(file: RequestFile): Promise<void>;
  counts(): {unusable: number};
}

/** The request file that was named does not exist. */
class NoSuchRequest extends FionaError {
  readonly exitCode = exitCode.usage;
}

/** Studies asked for in one call. */
const studiesAtOnce = 100;
/** A file that is not JSON may be one that somebody is just writing. */
const halfWrittenMs = 60_000;

/** Opens the folder of requests, or the one request that was named. */
export function openRequests(dependencies: Dependencies, options: SendOptions): RequestQueue {
  const {config, log, clock, dryRun} = dependencies;
  const {PATHS, ANONYMIZER, REDCAP} = config;
  const seen = new Set<string>();
  let unusable = 0;
  let ready: Claimed[] = [];
  let listed = false;

  async function list(): Promise<RequestFile[]> {
    if (options.request !== undefined) return listed ? [] : [await namedRequest(options.request)];
    if (listed && options.once) return [];
    return (await listRequests(PATHS.transferRequests, ANONYMIZER.order)).filter(
      ({path, modified}) => !seen.has(`${path} ${modified}`),
    );
  }

  async function usable(file: RequestFile): Promise<TransferRequest | undefined> {
    const retry = await readRetry(file.path);
    if (options.request === undefined && retry !== undefined && isPaused(retry, clock.now())) return undefined;
    try {
      return await readRequest(file.path);
    } catch (error) {
      if (!(error instanceof TransferRequestError || error instanceof JsonFileError)) throw error;
      const half = error instanceof TransferRequestError && error.problem === 'not-json';
      if (half && clock.now().getTime() - file.modified < halfWrittenMs) return undefined;
      unusable += 1;
      log.error(`request ${basename(file.path).split('_')[0]}: ${error.message}`);
      if (dryRun) return undefined;
      const reason = {tool: 'anonymizeAndSend', reason: 'invalid-request', detail: error.message, at: clock.now()};
      await moveToFailed(file.path, {folder: PATHS.transfersFail, messages: {error: error.message}, reason});
      return undefined;
    }
  }

  async function fill(): Promise<void> {
    const files = await list();
    listed = true;
    const batch: {file: RequestFile; request: TransferRequest}[] = [];
    for (const file of files) {
      seen.add(`${file.path} ${file.modified}`);
      const request = await usable(file);
      if (request !== undefined) batch.push({file, request});
      if (batch.length === studiesAtOnce) break;
    }
    if (batch.length === 0) return;
    const transfers = await transfersOf(batch.map(({request}) => request.study));
    const rules = {
      requireRow: ANONYMIZER.requireTransferRow && options.request === undefined,
      timeZone: REDCAP.timeZone,
    };
    ready = batch.map(each => ({
      ...each,
      wanted: wantedBy(each.request, new Date(each.file.modified), transfers, rules),
    }));
  }

  async function transfersOf(studies: readonly string[]): Promise<Transfer[]> {
    const incoming = await dependencies.incoming();
    const fields = await presentFields(incoming, transferFields, log);
    return incomingRows(await incoming.read({fields, records: [...new Set(studies)], onlyForm: 'transfers'})).transfers;
  }

  return {
    async next() {
      if (ready.length === 0) await fill();
      return ready.shift();
    },
    async setObsolete(file, request) {
      const detail = 'obsolete: the transfer was changed or deleted in REDCap';
      log.warn(`${request.study} instance ${request.instance}: ${detail}`);
      const reason = {tool: 'anonymizeAndSend', reason: 'obsolete', detail, at: clock.now()};
      await moveToFailed(file.path, {
        folder: PATHS.transfersFail,
        messages: failureMessages(request, detail, {}),
        reason,
      });
    },
    async moveAlreadyDone(file) {
      await moveToDone(file.path, {folder: PATHS.transfersDone, at: clock.now()});
    },
    counts: () => ({unusable}),
  };
}

async function namedRequest(path: string): Promise<RequestFile> {
  const absolute = resolve(path);
  const found = await lstat(absolute).catch(() => undefined);
  if (found === undefined || !found.isFile()) throw new NoSuchRequest(`--request: ${absolute} is no file`);
  return {path: absolute, name: basename(absolute), modified: found.mtimeMs};
}
