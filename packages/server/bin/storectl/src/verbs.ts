import {statSync} from 'node:fs';
import {readPidFile} from '@fiona/lib/cli/pidFile';
import {UsageError} from '@fiona/lib/cli/usageError';
import {dataRootUse, rootName} from '@fiona/lib/config/dataRoot';
import type {Config, ConfigUse} from '@fiona/lib/config/load';
import {receiverPaths} from '@fiona/lib/site/receiverPaths';

const verbs = ['start', 'stop', 'restart', 'status'] as const;

/** `serve` is the receiver itself: what `start` runs, or a service manager in the foreground. */
export type Verb = (typeof verbs)[number] | 'serve';

/** One call, understood. */
export interface Call {
  readonly verb: Verb;
  readonly project: string;
}

/** @throws UsageError */
export function parseCall([word, project = '']: readonly string[]): Call {
  const verb = [...verbs, 'serve' as const].find(each => each === word);
  if (verb === undefined) throw new UsageError(`${word ?? 'nothing'} is none of ${verbs.join(', ')}`);
  return {verb, project};
}

/** A broken configuration must not prevent a stop or a look; a start needs a sound one. */
export function configUse({verb, project}: Call): ConfigUse {
  const starts = verb !== 'stop' && verb !== 'status';
  const root = dataRootUse(project, ['DATADIR', 'DICOMPORT', 'DICOMAETITLE'], starts ? ['DICOMPORT'] : []);
  return {
    keys: [...root.keys, 'PATHS.serverDir', 'PATHS.modes', 'RECEIVER', 'PROCESSING_USER'],
    required: root.required,
    tolerant: !starts,
    serverTool: true,
  };
}

/**
 * The account that may do this. Whoever the receiver belongs to may stop it also when the configuration, broken, does not say that
 * this is the account.
 */
export function accountFor({verb, project}: Call, config: Config): string | undefined {
  if (verb === 'status') return undefined;
  if (verb === 'stop' && isOwnReceiver(receiverPaths(config, rootName(project)).pidFile)) return undefined;
  return config.PROCESSING_USER;
}

function isOwnReceiver(pidFile: string): boolean {
  const found = readPidFile(pidFile);
  if (found.kind !== 'own') return false;
  return statSync(`/proc/${found.note.pid}`, {throwIfNoEntry: false})?.uid === process.geteuid?.();
}
