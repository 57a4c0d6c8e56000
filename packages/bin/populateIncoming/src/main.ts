import {join} from 'node:path';
import {runTool} from '@fiona/lib/cli/runTool';
import {keepHeapSmall} from '@fiona/lib/cli/smallHeap';
import {connectProject} from '@fiona/lib/redcap/connect';
import {type PopulateOptions, populateIncoming} from './populateIncoming.ts';

keepHeapSmall();
void runTool<PopulateOptions>({
  name: 'populateIncoming',
  description:
    'Registers what has arrived in REDCap (project Incoming) and decides by coupling list and routing rules which research project each study belongs to.',
  example:
    'populateIncoming --importAll "My project"   # a rule was added after the images came: apply it to all studies',
  options: program =>
    program
      .option('--importAll <project>', 'apply the rules of this project, and the coupling list, to every study on disk')
      .option('--full', 'compare everything on disk with REDCap now, not only what has changed'),
  uses: {
    keys: ['DATADIR', 'LOCALTIMEZONE', 'PATHS.stateDir', 'PATHS.pidDir', 'PIPELINE.youngSeconds', 'REDCAP'],
    required: [
      'REDCAP.url',
      'REDCAP.projects.Incoming.tokenFile',
      'REDCAP.projects.Routing.tokenFile',
      'REDCAP.projects.CouplingList.tokenFile',
    ],
    folders: ['DATADIR'],
  },
  lock: config => join(config.PATHS.pidDir, 'populateIncoming.lock'),
  job: run =>
    populateIncoming(
      {
        ...run,
        incoming: connectProject(run.config, 'Incoming', run),
        couplingList: connectProject(run.config, 'CouplingList', run),
        routing: async () => connectProject(run.config, 'Routing', run),
      },
      run.options,
    ),
});
