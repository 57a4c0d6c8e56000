import {createHash} from 'node:crypto';
import type {Clock} from '../cli/clock.ts';
import type {Log} from '../cli/log.ts';
import type {Query, Redcap} from './redcap.ts';
import type {Row} from './row.ts';

/** What a tool keeps of one view of a project, in its own state file. */
export interface ViewState {
  version: 1;
  /** Changes with address, token, time zone or what is asked for. */
  fingerprint: string;
  /** Start of the last request, by the server's clock where it differs; ISO 8601 UTC. */
  since: string;
  /** The same by our own clock, to notice when that is set back. */
  at: string;
  /** Start of the last full pass by our clock; ISO 8601 UTC. */
  fullAt: string;
}

/** Why everything is read and not only what changed. */
export type FullReason = 'asked for' | 'no state' | 'other query or project' | 'clock went back' | 'due';

/** What one look at a view reads. */
export type Pass = {kind: 'full'; reason: FullReason} | {kind: 'changes'; from: Date};

/** What to look at and how; the configuration's section `REDCAP` has overlap and age. */
export interface View {
  query: Pick<Query, 'fields' | 'forms' | 'onlyForm'>;
  state: ViewState | undefined;
  /** Full pass now. */
  full?: boolean;
  /** Records a full pass is bounded to; absent: the whole project. */
  fullRecords?: readonly string[] | undefined;
  /** How far a request looks back behind the last one. */
  overlapSeconds: number;
  /** Age at which a full pass is due: only it sees what was deleted. */
  reconcileMinutes: number;
  clock: Clock;
  log: Log;
}

/** What one look found. */
export interface ViewAnswer {
  pass: 'full' | 'changes';
  reason?: FullReason;
  /** All requested rows of each record that was touched; they replace what the tool holds of that record. */
  rows: Row[];
  /** To be kept only when everything found has been acted on. */
  next: ViewState;
}

/**
 * Reads what changed since the last time, or everything when there is a reason to.
 * @throws RedcapError
 */
export async function readView(redcap: Redcap, view: View): Promise<ViewAnswer> {
  const fingerprint = fingerprintOf(redcap, view.query);
  const pass = planPass(view, fingerprint);
  const begun = view.clock.now();
  const rows = await redcap.read({
    ...view.query,
    ...(pass.kind === 'changes' ? {since: pass.from} : view.fullRecords !== undefined && {records: view.fullRecords}),
  });
  const since = new Date(begun.getTime() + clockCorrection(redcap, view.log)).toISOString();
  const fullAt = pass.kind === 'full' || !view.state ? begun.toISOString() : view.state.fullAt;
  return {
    pass: pass.kind,
    ...(pass.kind === 'full' && {reason: pass.reason}),
    rows,
    next: {version: 1, fingerprint, since, at: begun.toISOString(), fullAt},
  };
}

/** Decides between a full pass and reading changes. Everything odd leads to a full pass: it is never wrong, only slower. */
export function planPass(
  view: Pick<View, 'state' | 'full' | 'overlapSeconds' | 'reconcileMinutes' | 'clock'>,
  fingerprint: string,
): Pass {
  const {state} = view;
  if (view.full) return {kind: 'full', reason: 'asked for'};
  if (!state) return {kind: 'full', reason: 'no state'};
  if (state.fingerprint !== fingerprint) return {kind: 'full', reason: 'other query or project'};
  const now = view.clock.now().getTime();
  const since = Date.parse(state.since);
  const at = Date.parse(state.at);
  const fullAt = Date.parse(state.fullAt);
  if (Number.isNaN(since) || Number.isNaN(at) || Number.isNaN(fullAt)) return {kind: 'full', reason: 'no state'};
  if (at > now || fullAt > now) return {kind: 'full', reason: 'clock went back'};
  if (now - fullAt >= view.reconcileMinutes * 60_000) return {kind: 'full', reason: 'due'};
  return {kind: 'changes', from: new Date(since - view.overlapSeconds * 1000)};
}

/** The view's part of a state file, from unchecked JSON. */
export function asViewState(value: unknown): ViewState | undefined {
  const state = value as Partial<ViewState> | null | undefined;
  const texts = [state?.fingerprint, state?.since, state?.at, state?.fullAt];
  return state?.version === 1 && texts.every(text => typeof text === 'string') ? (state as ViewState) : undefined;
}

function fingerprintOf(redcap: Redcap, query: View['query']): string {
  const facts = [redcap.identity, redcap.timeZone, query.fields ?? [], query.forms ?? [], query.onlyForm ?? null];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
}

/** The server judges "since" by its own clock. The Date header has whole seconds and the answer took time: small differences are none. */
function clockCorrection(redcap: Redcap, log: Log): number {
  const offset = redcap.clockOffsetMs ?? 0;
  if (Math.abs(offset) <= 5000) return 0;
  const sentence = `REDCap ${redcap.name}: its clock differs from ours by ${Math.round(offset / 1000)} s`;
  if (Math.abs(offset) > 60_000) log.warn(`${sentence}; set the clocks (NTP)`);
  else log.debug(sentence);
  return offset;
}
