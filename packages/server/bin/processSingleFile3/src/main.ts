import {demandAccount} from '@fiona/lib/cli/account';
import {runTool} from '@fiona/lib/cli/runTool';
import {dataRoot} from '@fiona/lib/config/dataRoot';
import {indexPaths} from './paths.ts';
import {type Options, processSingleFile3} from './processSingleFile3.ts';
import {configUse, parseCall} from './verbs.ts';

void runTool<Options>({
  name: 'processSingleFile3',
  description: 'Indexes and classifies every received instance: control of the index daemon, and single tasks.',
  example: 'processSingleFile3 start   # does nothing when it runs already, so cron may call it every minute',
  arguments: [
    ['<verb>', 'start, stop, restart, status, test, send <message>, reclassify <StudyInstanceUID>'],
    ['[argument...]', 'the message or study, then the data root (a key of SITES); default the top-level one'],
  ],
  options: program => program.option('--announce', 'reclassify: touch the arrival markers'),
  uses: args => configUse(parseCall(args)),
  lock(config, args) {
    const {verb, project} = parseCall(args);
    const isControl = verb === 'start' || verb === 'stop' || verb === 'restart';
    return isControl ? indexPaths(config, dataRoot(config, project)).controlLock : undefined;
  },
  logFile(config, args) {
    const {verb, project} = parseCall(args);
    const {logMaxBytes: maxBytes, logKeep: keep} = config.RECEIVER;
    return verb === 'serve' ? {path: indexPaths(config, dataRoot(config, project)).log, maxBytes, keep} : undefined;
  },
  job(run) {
    const call = parseCall(run.args);
    if (['start', 'stop', 'restart', 'serve', 'reclassify'].includes(call.verb))
      demandAccount(run.config.PROCESSING_USER);
    return processSingleFile3(call, run);
  },
});
