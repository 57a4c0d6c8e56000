import {demandAccount} from '@fiona/lib/cli/account';
import {type Run, runTool} from '@fiona/lib/cli/runTool';
import {UsageError} from '@fiona/lib/cli/usageError';
import {dataRoot, dataRootUse} from '@fiona/lib/config/dataRoot';
import type {ConfigUse} from '@fiona/lib/config/load';
import {controlReceiver, type Verb, verbs} from './control.ts';
import {receiverPaths} from './paths.ts';
import {serve} from './serve.ts';

/** `serve` is the daemon itself: what `start` runs, or a service manager in the foreground. */
function verbOf([verb]: readonly string[]): Verb | 'serve' {
  const known = [...verbs, 'serve' as const].find(each => each === verb);
  if (known === undefined) throw new UsageError(`${verb ?? 'nothing'} is none of ${verbs.join(', ')}`);
  return known;
}

function uses(args: readonly string[]): ConfigUse {
  const verb = verbOf(args);
  const needed = verb === 'start' || verb === 'restart' || verb === 'serve';
  const root = dataRootUse(args[1] ?? '', ['DATADIR', 'DICOMPORT', 'DICOMAETITLE'], needed ? ['DICOMPORT'] : []);
  return {
    keys: [...root.keys, 'PATHS.serverDir', 'PATHS.modes', 'RECEIVER', 'PROCESSING_USER'],
    required: root.required,
    tolerant: !needed,
    serverTool: true,
  };
}

function job(run: Run) {
  const [, project = ''] = run.args;
  const verb = verbOf(run.args);
  if (verb !== 'status') demandAccount(run.config.PROCESSING_USER);
  return verb === 'serve' ? serve(project, run) : controlReceiver(verb, project, run);
}

void runTool({
  name: 'storectl',
  description: 'Starts, stops and shows the DICOM receiver of a data root.',
  example: 'storectl start   # does nothing when it runs already, so cron may call it every minute',
  arguments: [
    ['<verb>', verbs.join(', ')],
    ['[project]', 'data root (a key of SITES); default the top-level one'],
  ],
  uses,
  lock: (config, args) =>
    ['status', 'serve'].includes(verbOf(args))
      ? undefined
      : receiverPaths(config, dataRoot(config, args[1] ?? '')).controlLock,
  logFile: (config, args) =>
    verbOf(args) === 'serve'
      ? {
          path: receiverPaths(config, dataRoot(config, args[1] ?? '')).log,
          maxBytes: config.RECEIVER.logMaxBytes,
          keep: config.RECEIVER.logKeep,
        }
      : undefined,
  job,
});
