import {join} from 'node:path';
import {demandAccount} from '@fiona/lib/cli/account';
import {runTool} from '@fiona/lib/cli/runTool';
import {dataRoot, dataRootUse, rootName} from '@fiona/lib/config/dataRoot';
import {parseCall, type SendOptions} from './call.ts';
import {s2m} from './s2m.ts';

void runTool<SendOptions>({
  name: 's2m',
  description:
    'Sends a folder to our own receiver ("send to me"). Studies that are in the archive already are not sent: they are indexed and classified again.',
  example: 's2m --study 1.2.826.0.1.42   # after a change of the rules: classify this study again',
  arguments: [
    [
      '[what...]',
      '<folder>, <PatientID> or `last [<days>]`, then the data root (a key of SITES); default the top-level one',
    ],
  ],
  options: program =>
    program
      .option('--patient <id>', 'all studies of exactly this PatientID')
      .option('--name <name>', 'all studies of exactly this PatientName')
      .option('--study <uid>', 'one study')
      .option('--announce', 'touch the arrival markers of what is classified again, as if it had just come')
      .option('--force', 'send what is in the archive through the network all the same')
      .option('--yes', 'do not ask'),
  uses(args, options) {
    const {project} = parseCall(args, options);
    const root = dataRootUse(project, ['DATADIR', 'DICOMIP', 'DICOMPORT', 'DICOMAETITLE'], ['DICOMPORT']);
    const keys = [...root.keys, 'PATHS.serverDir', 'PROCESSED', 'RECEIVER', 'PROCESSING_USER'];
    return {keys, required: root.required, serverTool: true};
  },
  lock: (config, args, options) =>
    join(config.PATHS.serverDir, '.pids', `s2m${rootName(parseCall(args, options).project).project}.lock`),
  job(run) {
    if (!run.dryRun) demandAccount(run.config.PROCESSING_USER);
    const call = parseCall(run.args, run.options);
    return s2m(call, dataRoot(run.config, call.project), run);
  },
});
