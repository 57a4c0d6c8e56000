import {readFileSync} from 'node:fs';
import {ownIdentity} from '@fiona/lib/cli/processIdentity';
import {replaceFile} from '@fiona/lib/fs/replaceFile';

/** What the daemon did since its start. */
export interface DaemonState {
  messages: number;
  failures: number;
}

/** Notes the counts for `status`; that this fails is no reason to stop. */
export function writeState(path: string, state: DaemonState): void {
  try {
    replaceFile(path, `${JSON.stringify({...ownIdentity(), ...state})}\n`, 0o644);
  } catch {
    // a courtesy
  }
}

/** The counts of the running daemon; undefined when it noted none. */
export function readState(path: string, pid: number): DaemonState | undefined {
  try {
    const noted = JSON.parse(readFileSync(path, 'utf8')) as Partial<DaemonState & {pid: number}>;
    if (noted.pid !== pid || typeof noted.messages !== 'number' || typeof noted.failures !== 'number') return undefined;
    return {messages: noted.messages, failures: noted.failures};
  } catch {
    return undefined;
  }
}
