import {setTimeout as sleep} from 'node:timers/promises';
import {strings} from '../dicom/values.ts';
import type {SopReference} from './commitment.ts';
import {DimseError} from './dimseError.ts';
import {openFind} from './findScu.ts';
import {nameOfPeer, type Peer} from './peer.ts';
import type {QuerySession} from './querySession.ts';

/** An instance that was sent, and where it belongs. */
export interface SentInstance extends SopReference {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
}

export interface QueryProofOptions<T extends SentInstance> {
  /** The query/retrieve SCP of the archive. */
  peer: Peer;
  instances: readonly T[];
  /** Archives index at their leisure: they are asked again until this time is over. Default 60 s. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

const tag = {sopInstance: 0x00080018, study: 0x0020000d, series: 0x0020000e};
const defaultTimeoutMs = 60_000;
/** So long a query may take in any case. */
const leastTimeMs = 1000;
const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** UIDs in one key of a query (PS3.4 C.2.2.2.2): 64 bytes each. */
const mostListed = 50;

/**
 * Asks an archive with C-FIND at the IMAGE level for instances that it was sent, until it knows all of them or the time is over.
 * @returns those it does not know
 * @throws DimseError when it cannot be asked
 */
export async function missingByQuery<T extends SentInstance>(options: QueryProofOptions<T>): Promise<T[]> {
  const {peer, signal, timeoutMs = defaultTimeoutMs} = options;
  const deadline = performance.now() + timeoutMs;
  let missing = [...options.instances];
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
    const session = await openFind({peer, signal});
    try {
      missing = await stillMissing(session, missing, Math.max(leastTimeMs, deadline - performance.now()));
    } finally {
      await session.release();
    }
    if (missing.length === 0 || performance.now() + pause > deadline) return missing;
    try {
      await sleep(pause, undefined, {signal});
    } catch {
      throw new DimseError('cancelled', `${nameOfPeer(peer)} was not asked to the end: cancelled`);
    }
  }
}

/** First whole series; an archive that answers only so many matches is asked for what is left by name. */
async function stillMissing<T extends SentInstance>(
  session: QuerySession,
  instances: readonly T[],
  timeoutMs: number,
): Promise<T[]> {
  const missing: T[] = [];
  for (const members of Map.groupBy(instances, ({seriesInstanceUid}) => seriesInstanceUid).values()) {
    const series = new SeriesLook(session, members, timeoutMs);
    await isAnswered(series.ask(''));
    const knowsLists = await isAnswered(series.askInLists(mostListed));
    if (!knowsLists || (await series.isKnownAlone())) await series.askInLists(1);
    missing.push(...series.unknown());
  }
  return missing;
}

class SeriesLook<T extends SentInstance> {
  readonly #session: QuerySession;
  readonly #members: readonly T[];
  readonly #timeoutMs: number;
  readonly #known = new Set<string>();

  constructor(session: QuerySession, members: readonly T[], timeoutMs: number) {
    this.#session = session;
    this.#members = members;
    this.#timeoutMs = timeoutMs;
  }

  unknown(): T[] {
    return this.#members.filter(({sopInstanceUid}) => !this.#known.has(sopInstanceUid));
  }

  /** Returns whether it became known of anything new. */
  async ask(wanted: string): Promise<boolean> {
    const [member] = this.#members;
    const before = this.#known.size;
    const keys = new Map([
      [tag.study, member?.studyInstanceUid ?? ''],
      [tag.series, member?.seriesInstanceUid ?? ''],
      [tag.sopInstance, wanted],
    ]);
    for await (const match of this.#session.find({level: 'IMAGE', keys, timeoutMs: this.#timeoutMs}))
      for (const uid of strings(match, tag.sopInstance) ?? []) this.#known.add(uid);
    return this.#known.size > before;
  }

  /** An archive that passes over lists of UIDs knows some of their members when they are asked for alone. */
  async isKnownAlone(): Promise<boolean> {
    const unknown = this.unknown();
    const probes = new Set([unknown[0], unknown[unknown.length >> 1], unknown.at(-1)]);
    for (const probe of probes) if (probe && (await this.ask(probe.sopInstanceUid))) return true;
    return false;
  }

  async askInLists(length: number): Promise<void> {
    const uids = this.unknown().map(({sopInstanceUid}) => sopInstanceUid);
    for (let at = 0; at < uids.length; at += length) await this.ask(uids.slice(at, at + length).join('\\'));
  }
}

/** A failure status may be the archive's limit of matches, or its way to say that it knows no lists. */
async function isAnswered(asking: Promise<unknown>): Promise<boolean> {
  try {
    await asking;
    return true;
  } catch (error) {
    if (error instanceof DimseError && error.failure === 'status') return false;
    throw error;
  }
}
