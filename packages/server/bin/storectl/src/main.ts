import {runTool} from '@fiona/lib/cli/runTool';
import {rootName} from '@fiona/lib/config/dataRoot';
import {receiverPaths} from '@fiona/lib/site/receiverPaths';
import {accountFor, configUse, parseCall} from './verbs.ts';

void runTool({
  name: 'storectl',
  description: 'Starts, stops and shows the DICOM receiver of a data root.',
  example: 'storectl start   # does nothing when it runs already, so cron may call it every minute',
  arguments: [
    ['<verb>', 'start, stop, restart, status'],
    ['[project]', 'data root (a key of SITES); default the top-level one'],
  ],
  uses: args => configUse(parseCall(args)),
  account: (config, args) => accountFor(parseCall(args), config),
  lock(config, args) {
    const {verb, project} = parseCall(args);
    return verb === 'status' || verb === 'serve' ? undefined : receiverPaths(config, rootName(project)).controlLock;
  },
  logFile(config, args) {
    const {verb, project} = parseCall(args);
    const {logMaxBytes: maxBytes, logKeep: keep} = config.RECEIVER;
    return verb === 'serve' ? {path: receiverPaths(config, rootName(project)).log, maxBytes, keep} : undefined;
  },
  async job(run) {
    const call = parseCall(run.args);
    if (call.verb !== 'serve') return (await import('./control.ts')).controlReceiver(call, run);
    // loaded late: the calls of cron need nothing of the receiver
    return (await import('./serve.ts')).serve(call.project, run);
  },
});
