import {runTool} from '@fiona/lib/cli/runTool';
import {dataRoot, dataRootUse, rootName} from '@fiona/lib/config/dataRoot';
import {heartbeat} from './heartbeat.ts';
import {heartbeatPaths} from './paths.ts';

void runTool({
  name: 'heartbeat',
  description: 'Watches the DICOM receiver of a data root: one that is silent is ended and started again.',
  example: 'heartbeat   # every minute from cron; heartbeat --dry-run shows what it makes of the receiver now',
  arguments: [['[project]', 'data root (a key of SITES); default the top-level one']],
  uses([project = '']) {
    const root = dataRootUse(project, ['DATADIR', 'DICOMIP', 'DICOMPORT', 'DICOMAETITLE'], ['DICOMIP', 'DICOMPORT']);
    const keys = [...root.keys, 'PATHS.serverDir', 'RECEIVER', 'HEARTBEAT', 'PROCESSING_USER'];
    return {keys, required: root.required, serverTool: true};
  },
  account: config => config.PROCESSING_USER,
  lock: (config, [project = '']) => heartbeatPaths(config, rootName(project)).lock,
  logFile(config, [project = ''], {dryRun}) {
    const {logMaxBytes: maxBytes, logKeep: keep} = config.RECEIVER;
    return dryRun ? undefined : {path: heartbeatPaths(config, rootName(project)).log, maxBytes, keep};
  },
  job: run => heartbeat(dataRoot(run.config, run.args[0] ?? ''), run),
});
