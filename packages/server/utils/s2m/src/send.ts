import type {Log} from '@fiona/lib/cli/log';
import type {Progress} from '@fiona/lib/cli/progress';
import type {Peer} from '@fiona/lib/dimse/peer';
import {type StoreResult, storeInstances} from '@fiona/lib/dimse/storeScu';

/** What became of the instances of a study. */
export interface Sent {
  readonly study: string;
  readonly stored: number;
  readonly failed: number;
  /** Why instances failed, and how many for each reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Not even one association could be opened. */
  readonly unreachable: boolean;
}

export interface SendContext {
  readonly peer: Peer;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Instances of the studies before. */
  readonly before: number;
}

/** Sends the instances of one study to our own receiver, with whatever SOP classes they have. */
export async function sendStudy(study: string, paths: readonly string[], context: SendContext): Promise<Sent> {
  const {peer, log, signal, progress, before} = context;
  const reasons: Record<string, number> = {};
  let done = 0;
  const {stored, unreachable} = await storeInstances({
    peer,
    instances: paths.map(path => ({path})),
    onResult: result => {
      progress.done(before + ++done);
      if (result.kind === 'stored') return;
      const reason = reasonOf(result);
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    },
    log,
    signal,
  });
  return {study, stored, failed: paths.length - stored, reasons, unreachable};
}

/** Without the path of the file, which may hold a patient's name. */
function reasonOf({cause, reason}: StoreResult): string {
  if (cause === 'file-invalid') return 'cannot be sent: no complete DICOM Part 10 file';
  return cause === 'file-unreadable' ? 'cannot be read' : reason;
}
