import {lstat} from 'node:fs/promises';
import {resolve} from 'node:path';
import {UsageError} from '@fiona/lib/cli/usageError';
import type {Uid} from '@fiona/lib/dicom/uid';
import {requestNameOf} from '@fiona/lib/transfers/finish';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import {listRequests, type RequestFile} from '@fiona/lib/transfers/requestFolder';
import {isPaused} from '@fiona/lib/transfers/retry';
import {earlierAttempts} from './attempts.ts';
import type {Dependencies, SendOptions} from './dependencies.ts';
import {halfWrittenMs, loggedName, type RequestContent, readRequestFile} from './requestFile.ts';
import {TransferFacts} from './transferFacts.ts';
import {type Wanted, wantedBy} from './wanted.ts';

/** A request that was read, with what REDCap says of it. */
export interface Claimed {
  readonly file: RequestFile;
  readonly request: TransferRequest;
  readonly nameProblem: string | undefined;
  readonly wanted: Wanted;
  /** Names under which the study was or is to be sent, to whatever project. */
  readonly pseudonyms: readonly string[];
}

/** A file that cannot be a request. */
export type Unusable = {readonly file: RequestFile} & Extract<RequestContent, {kind: 'unusable'}>;

type Readable = Extract<RequestContent, {kind: 'request'}>;

/** Requests of which REDCap's rows are asked for together. */
const lookAhead = 100;
/** With many requests waiting, the folder is not listed again after each of a series of quick ones. */
const listedForMs = 1000;

/** The requests of this run, in their order; those that arrive meanwhile included. */
export class RequestQueue {
  readonly #dependencies: Dependencies;
  readonly #options: SendOptions;
  readonly #onUnusable: (unusable: Unusable) => Promise<void>;
  readonly #facts: TransferFacts;
  /** Files that are not yet handled, by {@link keyOf}, in their order. */
  #waiting = new Map<string, RequestFile>();
  readonly #handled = new Set<string>();
  readonly #contents = new Map<string, Readable>();
  /** Files that are not to be looked at before this time. */
  readonly #notBefore = new Map<string, number>();
  #listed: number | undefined;

  /** @param onUnusable called once for each file that cannot be a request; the file is not offered again */
  constructor(dependencies: Dependencies, options: SendOptions, onUnusable: (unusable: Unusable) => Promise<void>) {
    this.#dependencies = dependencies;
    this.#options = options;
    this.#onUnusable = onUnusable;
    this.#facts = new TransferFacts(dependencies.incoming, dependencies.clock, dependencies.log);
  }

  /**
   * The next request of a study that is not in work, or undefined when there is none just now.
   * @throws RedcapError, FileError; UsageError when the file that was named is none
   */
  async next(inWork: ReadonlySet<Uid>): Promise<Claimed | undefined> {
    await this.#list();
    for (const [key, file] of [...this.#waiting]) {
      const content = await this.#read(key, file);
      if (content === undefined || inWork.has(content.request.study)) continue;
      const {request, nameProblem} = content;
      const transfers = await this.#facts.of(request.study, () => this.#studiesAhead());
      this.#finish(key);
      const {ANONYMIZER, REDCAP} = this.#dependencies.config;
      const requireRow = ANONYMIZER.requireTransferRow && this.#options.request === undefined;
      const rules = {requireRow, timeZone: REDCAP.timeZone};
      const wanted = wantedBy(request, new Date(file.modified), transfers, rules);
      const pseudonyms = [...new Set([request.name, ...transfers.map(({name}) => name)])];
      return {file, request, nameProblem, wanted, pseudonyms};
    }
    return undefined;
  }

  async #list(): Promise<void> {
    const {clock, config} = this.#dependencies;
    const {request, once} = this.#options;
    if (this.#listed !== undefined) {
      if (request !== undefined || once) return;
      if (this.#waiting.size > 0 && clock.monotonic() - this.#listed < listedForMs) return;
    }
    this.#listed = clock.monotonic();
    const files =
      request === undefined
        ? await listRequests(config.PATHS.transferRequests, config.ANONYMIZER.order)
        : [await namedRequest(request)];
    const fresh = files.map(file => [keyOf(file), file] as const).filter(([key]) => !this.#handled.has(key));
    this.#waiting = new Map(fresh);
  }

  /** The content of a file that may be worked on now, read once. */
  async #read(key: string, file: RequestFile): Promise<Readable | undefined> {
    const {clock, log} = this.#dependencies;
    const now = clock.now();
    if ((this.#notBefore.get(key) ?? 0) > now.getTime()) return undefined;
    const known = this.#contents.get(key);
    if (known !== undefined) return known;
    const retry = this.#options.request === undefined ? await earlierAttempts(file) : undefined;
    if (retry !== undefined && isPaused(retry, now)) {
      this.#notBefore.set(key, Date.parse(retry.next));
      return undefined;
    }
    const content = await readRequestFile(file, now);
    if (content.kind === 'request') {
      this.#contents.set(key, content);
      return content;
    }
    if (content.kind === 'half-written') {
      log.info(`${loggedName(file)} is not complete yet`);
      this.#notBefore.set(key, file.modified + halfWrittenMs);
      return undefined;
    }
    this.#finish(key);
    if (content.kind === 'unusable') await this.#onUnusable({file, ...content});
    return undefined;
  }

  async #studiesAhead(): Promise<string[]> {
    const studies: string[] = [];
    for (const [key, file] of [...this.#waiting]) {
      if (studies.length >= lookAhead) break;
      const content = await this.#read(key, file);
      if (content !== undefined) studies.push(content.request.study);
    }
    return studies;
  }

  #finish(key: string): void {
    this.#waiting.delete(key);
    this.#contents.delete(key);
    this.#handled.add(key);
  }
}

/** A file that was written anew is another request. */
function keyOf({path, modified}: RequestFile): string {
  return `${path} ${modified}`;
}

async function namedRequest(path: string): Promise<RequestFile> {
  const absolute = resolve(path);
  const found = await lstat(absolute).catch(() => undefined);
  if (found === undefined || !found.isFile()) throw new UsageError(`--request: ${absolute} is no file`);
  return {path: absolute, name: requestNameOf(absolute), modified: found.mtimeMs};
}
