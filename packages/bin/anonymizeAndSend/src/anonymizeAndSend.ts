import {exitCode} from '@fiona/lib/cli/exitCode';
import type {Outcome} from '@fiona/lib/cli/runTool';
import {moveToFailed} from '@fiona/lib/transfers/finish';
import type {Dependencies, SendOptions} from './dependencies.ts';
import {loggedName} from './requestFile.ts';
import {RequestQueue, type Unusable} from './requestQueue.ts';
import {type RequestResult, summarize} from './requestResult.ts';

/**
 * Works off the transfer requests, oldest first: de-identifies the study, sends it to the research PACS, records the outcome in
 * REDCap, moves the request. A PACS or REDCap that is down ends the run; everything else concerns one request only.
 * @throws RedcapError, FileError, UsageError; the next run goes on where this one ended
 */
export async function anonymizeAndSend(dependencies: Dependencies, options: SendOptions): Promise<Outcome> {
  const {log, clock} = dependencies;
  const begun = clock.monotonic();
  const results: RequestResult[] = [];
  const queue = new RequestQueue(dependencies, options, async unusable => {
    results.push(await setAside(unusable, dependencies));
  });
  log.info('start processing');
  await warnOfOverrides(dependencies);
  const first = await queue.next(new Set());
  if (first === undefined) return end(results, false, begun, dependencies);
  // what de-identifies and sends is loaded only now: most runs find nothing to do
  const {workOnRequests} = await import('./workOnRequests.ts');
  const {furtherTrouble, lines} = await workOnRequests({first, queue, results, begun}, dependencies, options);
  const outcome = end(results, furtherTrouble, begun, dependencies);
  return lines === undefined ? outcome : {...outcome, lines, json: {plan: lines}};
}

/** Every run says that the profile lets through more than it should. @throws DeidError when a change to the profile is wrong */
async function warnOfOverrides({config: {ANONYMIZER}, log}: Dependencies): Promise<void> {
  if (ANONYMIZER.profileOverrides.length === 0) return;
  const {siteOverrides} = await import('@fiona/lib/deid/resolveRequest');
  const {wideningWarning} = await import('@fiona/lib/deid/profile/widening');
  const warning = wideningWarning({retain: ANONYMIZER.retain, profileOverrides: siteOverrides(ANONYMIZER)});
  if (warning !== undefined) log.warn(warning);
}

/** A file that cannot be a request goes to the failed ones; REDCap cannot be told, since it does not say of which transfer. */
async function setAside({file, error}: Unusable, dependencies: Dependencies): Promise<RequestResult> {
  const {config, log, clock, dryRun} = dependencies;
  // The message of a file error names the path, and with it the pseudonym.
  const detail = error.message.replace(file.path, 'the file');
  log.error(`${loggedName(file)}: ${detail}`);
  if (!dryRun) {
    const reason = {tool: 'anonymizeAndSend', reason: 'invalid-request', detail, at: clock.now()};
    await moveToFailed(file.path, {folder: config.PATHS.transfersFail, messages: {error: detail}, reason});
  }
  return {kind: 'unusable', reason: 'invalid-request', detail};
}

function end(
  results: readonly RequestResult[],
  furtherTrouble: boolean,
  begun: number,
  {config, log, clock}: Dependencies,
): Outcome {
  log.info(`end processing [${Math.round((clock.monotonic() - begun) / 1000)} secs]`);
  const outcome = summarize(results, furtherTrouble);
  const isConfigWrong = Object.keys(config.ANONYMIZER.refusedProjects).length > 0;
  const isOtherwiseFine = outcome.exitCode === undefined || outcome.exitCode === exitCode.badData;
  return isConfigWrong && isOtherwiseFine ? {...outcome, exitCode: exitCode.config} : outcome;
}
