import {UsageError} from '@fiona/lib/cli/usageError';
import {dataRootUse} from '@fiona/lib/config/dataRoot';
import type {ConfigUse} from '@fiona/lib/config/load';

/** What the tool is asked to do; `serve` is the daemon itself, as `start` runs it. */
const verbs = ['start', 'stop', 'restart', 'status', 'test', 'send', 'reclassify', 'serve'] as const;
type Verb = (typeof verbs)[number];

/** One call, understood. */
export interface Call {
  verb: Verb;
  /** The message of `send`, the study of `reclassify`. */
  argument: string;
  project: string;
}

/**
 * Understands the positional arguments: `<verb> [project]`, or `send|reclassify <argument> [project]`.
 * @throws UsageError
 */
export function parseCall([word, ...rest]: readonly string[]): Call {
  const verb = verbs.find(each => each === word);
  if (!verb) throw new UsageError(`${JSON.stringify(word ?? '')} is none of ${verbs.slice(0, -1).join(', ')}`);
  const takesArgument = verb === 'send' || verb === 'reclassify';
  if (takesArgument && rest.length === 0) {
    throw new UsageError(verb === 'send' ? 'send needs a message' : 'reclassify needs a StudyInstanceUID');
  }
  const [project = '', ...more] = takesArgument ? rest.slice(1) : rest;
  if (more.length > 0) throw new UsageError(`too many arguments after ${verb}`);
  return {verb, argument: takesArgument ? (rest[0] ?? '') : '', project};
}

/** A broken configuration must not prevent a stop; who indexes needs a sound one. */
export function configUse({verb, project}: Call): ConfigUse {
  const works = verb === 'start' || verb === 'restart' || verb === 'serve' || verb === 'reclassify';
  const root = dataRootUse(project, ['DATADIR'], works ? ['DATADIR'] : []);
  if (!works && verb !== 'test') {
    return {keys: [...root.keys, 'PATHS.serverDir'], required: root.required, tolerant: true, serverTool: true};
  }
  const folder = root.required.find(key => key.endsWith('DATADIR'));
  return {
    keys: [
      ...root.keys,
      'PATHS.serverDir',
      'PATHS.modes',
      'PATHS.classifyRules',
      'RECEIVER',
      'INDEX',
      'PROCESSING_USER',
    ],
    required: root.required,
    ...(works && folder !== undefined && {folders: [folder]}),
    serverTool: true,
  };
}
