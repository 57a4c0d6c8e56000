import {join} from 'node:path';
import {type Run, runTool} from '@fiona/lib/cli/runTool';
import {UsageError} from '@fiona/lib/cli/usageError';
import {runWorkerIfAsked} from '@fiona/lib/deid/workerThread';
import {connectProject} from '@fiona/lib/redcap/connect';
import {anonymizeAndSend} from './anonymizeAndSend.ts';
import type {SendOptions} from './dependencies.ts';

function job(run: Run<SendOptions>) {
  if (run.options.acceptQuarantine && run.options.request === undefined) {
    throw new UsageError('--accept-quarantine goes with --request: an operator decides for one transfer at a time');
  }
  const incoming = connectProject(run.config, 'Incoming', run);
  const projects = connectProject(run.config, 'DataTransferProjects', run);
  return anonymizeAndSend({...run, incoming, projects}, run.options);
}

// The worker threads of the de-identification run this same file.
if (!runWorkerIfAsked()) {
  void runTool<SendOptions>({
    name: 'anonymizeAndSend',
    description:
      'De-identifies the studies of the waiting transfer requests, sends them to the research PACS and records the outcome in REDCap.',
    example: 'anonymizeAndSend --dry-run   # what would be sent where?',
    options: program =>
      program
        .option('--request <file>', 'only this request, in any folder')
        .option('--accept-quarantine', 'with --request: send what is clean although instances were set aside')
        .option('--once', 'do not look for requests that arrive during the run'),
    uses: {
      keys: ['DATADIR', 'LOCALTIMEZONE', 'PATHS', 'PIPELINE.quietSeconds', 'REDCAP', 'RESEARCH_PACS', 'ANONYMIZER'],
      required: [
        'REDCAP.url',
        'REDCAP.projects.Incoming.tokenFile',
        'REDCAP.projects.DataTransferProjects.tokenFile',
        'RESEARCH_PACS.storage.host|RESEARCH_PACS.host',
        'RESEARCH_PACS.storage.port',
      ],
      folders: ['DATADIR'],
    },
    lock: config => join(config.PATHS.pidDir, 'anonymizeAndSend.lock'),
    job,
  });
}
