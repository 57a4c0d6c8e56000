import {acquireLock} from '../fs/lock.ts';
import {readHolder} from '../fs/lockHolder.ts';
import {AlreadyRunning} from './daemonError.ts';
import {removePidFile, writePidFile} from './pidFile.ts';

/** What a daemon tells the process that starts it. */
export type StartMessage = {kind: 'ready'} | {kind: 'failed'; why: string; exitCode: number};

/** Set in the environment of a daemon by whoever starts it and waits for word. */
export const startVariable = 'FIONA_DAEMON_START';

/** A daemon's claim to be the only one. */
export interface DaemonPresence {
  /** Removes the pid file and gives the lock back; the end of the process does the latter anyway. */
  release(): void;
}

/**
 * The first thing a daemon process does: takes the lock it holds as long as it lives and writes its pid file.
 * @throws AlreadyRunning when another one has the lock
 * @throws FileError
 */
export async function claimPresence(options: {
  name: string;
  lockPath: string;
  pidFile: string;
}): Promise<DaemonPresence> {
  // a short wait: the predecessor of a restart may just be ending
  const lock = await acquireLock(options.lockPath, {kind: 'exclusive', tool: options.name, waitMs: 500});
  if (!lock) throw new AlreadyRunning(options.name, readHolder(options.lockPath)?.pid);
  try {
    writePidFile(options.pidFile);
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    release() {
      removePidFile(options.pidFile, process.pid);
      lock.release();
    },
  };
}

/** Called by a daemon as soon as it can serve; whoever started it stops waiting. */
export function reportReady(): void {
  void tellStarter({kind: 'ready'});
}

/** Called when a daemon ends before it could serve; {@link runTool} does it for errors of the job. */
export async function reportStartFailure(why: string, exitCode: number): Promise<void> {
  await tellStarter({kind: 'failed', why, exitCode});
}

function tellStarter(message: StartMessage): Promise<void> {
  if (process.env[startVariable] === undefined || process.send === undefined) return Promise.resolve();
  delete process.env[startVariable];
  return new Promise(done => {
    // the starter may be gone: no reason to end
    process.once('disconnect', done);
    process.send?.(message, undefined, undefined, () => {
      if (process.connected) process.disconnect();
      done();
    });
  });
}
