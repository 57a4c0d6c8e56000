import {join} from 'node:path';
import type {Uid} from '@fiona/lib/dicom/uid';
import {asViewState, type ViewState} from '@fiona/lib/redcap/incremental';
import {readState, writeState} from '@fiona/lib/redcap/stateFile';
import type {CouplingLine} from './couplings.ts';

/** What is known of a study that has been registered. */
export interface KnownStudy {
  /** Version of the summaries that have been dealt with (see `sortSeries.ts`). */
  readonly files: string;
  /** Fingerprint of its accession number, or blank. */
  readonly accession: string;
  /** Digest of its series and transfers in REDCap (see `record.ts`). */
  readonly record: string;
}

/**
 * What populateIncoming remembers from run to run. It only spares work: without it a run looks at everything and comes to the same
 * result. It holds no value of a patient but as a fingerprint.
 */
export interface PopulateState {
  /** The data root the studies are from. */
  readonly root: string;
  readonly couplingView: ViewState | undefined;
  readonly incomingView: ViewState | undefined;
  readonly couplings: readonly CouplingLine[];
  readonly studies: Readonly<Record<string, KnownStudy>>;
  /** Registered studies with something left to do that REDCap has not confirmed. */
  readonly pending: readonly Uid[];
  /** Summaries dated in the future: stamp and when it was first seen (ms). */
  readonly ahead: Readonly<Record<string, readonly [modified: number, size: number, seen: number]>>;
}

const version = 1;

const fileOf = (stateDir: string): string => join(stateDir, 'populateIncoming.json');

/** The state of the last run; empty when there is none, or one of another version or data root. */
export async function readPopulateState(stateDir: string, root: string): Promise<PopulateState> {
  const state = await readState(fileOf(stateDir), asPopulateState);
  if (state !== undefined && state.root === root) return state;
  return {root, couplingView: undefined, incomingView: undefined, couplings: [], studies: {}, pending: [], ahead: {}};
}

/** @throws FileError */
export async function writePopulateState(stateDir: string, state: PopulateState): Promise<void> {
  await writeState(fileOf(stateDir), {version, ...state});
}

/** We wrote it ourselves, atomically: the version and the outline are enough of a check. */
function asPopulateState(value: unknown): PopulateState | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const state = value as Partial<PopulateState> & {version?: unknown};
  const isWhole =
    state.version === version &&
    typeof state.root === 'string' &&
    Array.isArray(state.couplings) &&
    Array.isArray(state.pending) &&
    [state.studies, state.ahead].every(part => typeof part === 'object' && part !== null);
  if (!isWhole) return undefined;
  return {
    ...(state as PopulateState),
    couplingView: asViewState(state.couplingView),
    incomingView: asViewState(state.incomingView),
  };
}
