import {runTool} from '@fiona/lib/cli/runTool';
import {runWorkerIfAsked} from '@fiona/lib/deid/workerThread';
import {anonymize} from './anonymize.ts';
import {type AnonymizeOptions, addOptions, warnAboutIgnored} from './options.ts';
import {lockOf} from './paths.ts';

// The worker threads of the de-identification run this same file.
if (!runWorkerIfAsked()) {
  void runTool<AnonymizeOptions>({
    name: 'anonymize',
    description:
      'De-identifies DICOM files of a folder into another one, as anonymizeAndSend does, without REDCap and research PACS; or shows what would be done (--profile, --inspect).',
    example: 'anonymize -i study/ -o shared/ -j "My project" -p SUBJ-001 -b   # one folder a series',
    options: addOptions,
    uses: {keys: ['ANONYMIZER'], optionalFile: true},
    lock: (_config, _args, options) => lockOf(options),
    job: run => {
      warnAboutIgnored(run.options, run.log);
      return anonymize(run);
    },
  });
}
