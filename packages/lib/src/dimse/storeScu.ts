import {setImmediate as immediate, setTimeout as sleep} from 'node:timers/promises';
import type {Log} from '../cli/log.ts';
import {DimseError, type DimseFailure} from './dimseError.ts';
import {type InstanceFacts, readInstanceFacts} from './instanceFile.ts';
import type {Peer} from './peer.ts';
import {openAssociation} from './requestor.ts';
import {classifyStoreStatus, describeStatus, type StoreOutcome} from './status.ts';
import {type MoveOriginator, type StoreEnd, StoreStream} from './storeAssociation.ts';
import {planStore, type StoreBatch} from './storePlan.ts';

/** A Part 10 file to be sent. Whatever else the caller keeps in the object comes back with the result. */
export interface InstanceFile {
  path: string;
}

export interface StoreRequest<T extends InstanceFile> {
  peer: Peer;
  instances: readonly T[];
  /** Called exactly once for each instance, after all attempts, in no particular order. */
  onResult?: (result: StoreResult<T>) => void;
  /** Associations in parallel. Default 1. */
  associations?: number;
  /** Further attempts for what failed temporarily. Default 0. */
  retries?: number;
  /** Pause before the first of them, doubled each time up to 30 s. Default 1 s. */
  retryDelayMs?: number;
  originator?: MoveOriginator;
  /** Convert without loss what the peer does not take as it is. Default true. */
  convert?: boolean | undefined;
  log: Log;
  signal?: AbortSignal | undefined;
}

/**
 * What became of an instance: `temporary` may succeed later, `final` will not. `cause` is `status` whenever the
 * peer answered; only then is there a status.
 */
export interface StoreResult<T extends InstanceFile = InstanceFile> {
  instance: T;
  kind: StoreOutcome;
  cause: DimseFailure;
  status: number | undefined;
  /** Transfer syntax it was sent in, when the peer answered: another one than the file's when it was converted. */
  transferSyntaxUid: string | undefined;
  /** One sentence for an operator. */
  reason: string;
}

export interface StoreSummary {
  stored: number;
  temporary: number;
  final: number;
  /** How many of the stored ones were converted for the peer. */
  converted: number;
  /** Data set bytes of the stored instances. */
  bytes: number;
  /** Associations that were opened. */
  associations: number;
  /** Not one association could be opened, but one may be later: there is no point in sending anything else now. */
  unreachable: boolean;
  /** What ended the last association that did not end well, or kept it from being opened. */
  failure: DimseError | undefined;
}

/** `breaks`: how often it was on the line when its association broke, so that it may be what broke it. */
type Pending<T> = InstanceFacts & {instance: T; breaks: number};

/** How an end that is no answer counts: trying again helps against the line, not against a refusal. */
const outcomeOfFailure: Record<DimseFailure, StoreOutcome> = {
  connect: 'temporary',
  'rejected-transient': 'temporary',
  'rejected-permanent': 'final',
  aborted: 'temporary',
  closed: 'temporary',
  timeout: 'temporary',
  protocol: 'temporary',
  context: 'final',
  status: 'final',
  incomplete: 'temporary',
  cancelled: 'temporary',
  'file-unreadable': 'temporary',
  'file-invalid': 'final',
};

/**
 * Sends Part 10 files with C-STORE, their data sets byte for byte as they are in the file when the peer takes that; else
 * converted without loss to a plain transfer syntax, else it is a final failure of that instance. `onResult` tells at once what is
 * stored: a caller that notes it needs not send it again after it was killed. Never throws for what the peer or a file does:
 * that is in the results and in the summary.
 */
export async function storeInstances<T extends InstanceFile>(request: StoreRequest<T>): Promise<StoreSummary> {
  const job = new StoreJob(request);
  await job.run();
  return job.summary;
}

class StoreJob<T extends InstanceFile> {
  readonly summary: StoreSummary = {
    stored: 0,
    temporary: 0,
    final: 0,
    converted: 0,
    bytes: 0,
    associations: 0,
    unreachable: false,
    failure: undefined,
  };
  #request: StoreRequest<T>;
  /** What failed temporarily in this attempt, with its last result. */
  #again = new Map<Pending<T>, StoreResult<T>>();

  constructor(request: StoreRequest<T>) {
    this.#request = request;
  }

  async run(): Promise<void> {
    const {retries = 0, retryDelayMs = 1000, signal, log} = this.#request;
    let pending = await this.#readFacts();
    for (let attempt = 0; pending.length > 0; attempt++) {
      this.#again.clear();
      await this.#attempt(pending, attempt);
      if (attempt >= retries || signal?.aborted || this.#again.size === 0) break;
      const delay = Math.min(retryDelayMs * 2 ** attempt, 30_000);
      log.warn(
        `${this.#again.size} instances were not stored, next attempt in ${delay / 1000} s: ${this.summary.failure?.message ?? ''}`,
      );
      await sleep(delay, undefined, {signal}).catch(() => {});
      pending = [...this.#again.keys()].sort((one, other) => one.breaks - other.breaks);
    }
    for (const result of this.#again.values()) this.#report(result);
    const failure = this.summary.failure?.failure;
    const mayComeBack = failure !== undefined && failure !== 'cancelled' && outcomeOfFailure[failure] === 'temporary';
    this.summary.unreachable = this.summary.associations === 0 && mayComeBack;
  }

  async #readFacts(): Promise<Pending<T>[]> {
    const pending: Pending<T>[] = [];
    for (const [index, instance] of this.#request.instances.entries()) {
      if (index % 64 === 63) await immediate();
      try {
        pending.push({...readInstanceFacts(instance.path), instance, breaks: 0});
      } catch (error) {
        if (!(error instanceof DimseError)) throw error;
        this.#report(resultOf(instance, {error, wasSent: false}));
      }
    }
    return pending;
  }

  async #attempt(pending: Pending<T>[], attempt: number): Promise<void> {
    for (const batch of planStore(pending, this.#request.convert)) {
      const queue = [...batch.instances].reverse();
      const parallel = Math.min(this.#request.associations ?? 1, queue.length);
      const failures = await Promise.all(Array.from({length: parallel}, () => this.#sendFrom(queue, batch, attempt)));
      // What nobody took shares the fate of the associations, the better one when they differ: a peer that takes one
      // association may turn the second away for good.
      const errors = failures.filter(error => error !== undefined);
      const failure = errors.find(error => outcomeOfFailure[error.failure] === 'temporary') ?? errors[0];
      for (const left of queue.reverse())
        this.#end(left, {
          error: failure ?? new DimseError('closed', 'the association ended before its turn'),
          wasSent: false,
        });
    }
  }

  /** One association: sends from the queue until it is empty or the association breaks. */
  async #sendFrom(
    queue: Pending<T>[],
    batch: StoreBatch<Pending<T>>,
    attempt: number,
  ): Promise<DimseError | undefined> {
    const {peer, signal, originator, convert = true} = this.#request;
    try {
      // After a failure one at a time, so that an instance the peer breaks on takes no others with it.
      const {association, window} = await openAssociation({
        peer,
        contexts: batch.contexts,
        signal,
        ...(attempt > 0 ? {asynchronousOperations: 1} : {}),
      });
      this.summary.associations++;
      const stream = new StoreStream(association, {
        window,
        originator,
        convert,
        next: () => queue.pop(),
        done: (instance, end) => {
          if ('error' in end && end.wasSent) instance.breaks++;
          this.#end(instance, end);
        },
      });
      const broken = await stream.run();
      await association.release();
      if (broken) this.summary.failure = broken;
      return broken;
    } catch (error) {
      if (!(error instanceof DimseError)) throw error;
      this.summary.failure = error;
      return error;
    }
  }

  #end(pending: Pending<T>, end: StoreEnd): void {
    const result = resultOf(pending.instance, end);
    if (result.kind === 'temporary') {
      this.#again.set(pending, result);
      return;
    }
    if (result.kind === 'stored' && 'bytes' in end) {
      this.summary.bytes += end.bytes;
      if (end.transferSyntaxUid !== pending.transferSyntaxUid) this.summary.converted++;
    }
    this.#report(result);
  }

  #report(result: StoreResult<T>): void {
    this.summary[result.kind]++;
    this.#request.onResult?.(result);
  }
}

function resultOf<T extends InstanceFile>(instance: T, end: StoreEnd): StoreResult<T> {
  if ('error' in end)
    return {
      instance,
      kind: outcomeOfFailure[end.error.failure],
      cause: end.error.failure,
      status: undefined,
      transferSyntaxUid: undefined,
      reason: end.error.message,
    };
  const kind = classifyStoreStatus(end.status);
  const reason = `${kind === 'stored' ? 'stored' : 'refused'} with status ${describeStatus(end.status, end.comment)}`;
  const {status, transferSyntaxUid} = end;
  return {instance, kind, cause: 'status', status, transferSyntaxUid, reason};
}
