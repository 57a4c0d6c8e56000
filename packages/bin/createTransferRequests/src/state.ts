import {join} from 'node:path';
import type {Transfer} from '@fiona/lib/redcap/incoming';
import {asViewState, type ViewState} from '@fiona/lib/redcap/incremental';
import {readState, writeState} from '@fiona/lib/redcap/stateFile';

/** What createTransferRequests remembers from run to run; without it a run reads all transfers of Incoming. */
export interface RequestState {
  /** The data root the studies are from. */
  readonly root: string;
  readonly view: ViewState | undefined;
  /** Transfer rows of studies on disk, and outstanding ones of any study. */
  readonly transfers: readonly Transfer[];
  /** Studies that were on disk. */
  readonly onDisk: readonly string[];
}

const version = 1;

const fileOf = (stateDir: string): string => join(stateDir, 'createTransferRequests.json');

/** The state of the last run; undefined when there is none, or one of another version or data root. */
export async function readRequestState(stateDir: string, root: string): Promise<RequestState | undefined> {
  const state = await readState(fileOf(stateDir), asRequestState);
  return state?.root === root ? state : undefined;
}

/** @throws FileError */
export async function writeRequestState(stateDir: string, state: RequestState): Promise<void> {
  await writeState(fileOf(stateDir), {version, ...state});
}

/** We wrote it ourselves, atomically: the version and the outline are enough of a check. */
function asRequestState(value: unknown): RequestState | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const state = value as Partial<RequestState> & {version?: unknown};
  const isWhole =
    state.version === version &&
    typeof state.root === 'string' &&
    Array.isArray(state.transfers) &&
    Array.isArray(state.onDisk);
  return isWhole ? {...(state as RequestState), view: asViewState(state.view)} : undefined;
}
