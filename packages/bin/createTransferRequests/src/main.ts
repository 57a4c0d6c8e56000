import {join} from 'node:path';
import {runTool} from '@fiona/lib/cli/runTool';
import {keepHeapSmall} from '@fiona/lib/cli/smallHeap';
import {connectProject} from '@fiona/lib/redcap/connect';
import {createTransferRequests, type RequestOptions} from './createTransferRequests.ts';

keepHeapSmall();
void runTool<RequestOptions>({
  name: 'createTransferRequests',
  description:
    'Writes a request file for every transfer that REDCap (project Incoming) shows as outstanding, and for those that are done but have new series since.',
  example: 'createTransferRequests --dry-run   # which transfers would be requested now?',
  options: program => program.option('--full', 'read all transfers of Incoming now, not only what has changed'),
  uses: {
    keys: [
      'DATADIR',
      'LOCALTIMEZONE',
      'PATHS.stateDir',
      'PATHS.pidDir',
      'PATHS.transferRequests',
      'PIPELINE.quietSeconds',
      'REDCAP',
    ],
    required: ['REDCAP.url', 'REDCAP.projects.Incoming.tokenFile'],
    folders: ['DATADIR'],
  },
  lock: config => join(config.PATHS.pidDir, 'createTransferRequests.lock'),
  job: run => createTransferRequests({...run, incoming: connectProject(run.config, 'Incoming', run)}, run.options),
});
