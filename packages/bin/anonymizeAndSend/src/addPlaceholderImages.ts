import type {Uid} from '@fiona/lib/dicom/uid';
import type {RunContext} from './context.ts';
import type {SeriesPlan} from './seriesPlan.ts';

const limitMs = 60_000;

/**
 * Runs the site's program for series without images that are to be sent, so that viewers show something for them. It adds one
 * secondary capture and does so once however often it is called. Its failure is no reason to hold the study.
 * @returns whether it ran, so that the study must be looked at again
 */
export async function addPlaceholderImages(
  study: Uid,
  plan: readonly SeriesPlan[],
  {config, log, signal}: Pick<RunContext, 'config' | 'log' | 'signal'>,
): Promise<boolean> {
  const [program, ...args] = config.ANONYMIZER.noImageCommand ?? [];
  const series = plan
    .filter(({kind}) => kind === 'send')
    .filter(({series: {summary}}) => summary?.ClassifyType?.includes('ABCD-Physio'))
    .map(({series: {seriesInstanceUid}}) => seriesInstanceUid);
  if (program === undefined || series.length === 0) return false;
  const {execa} = await import('execa');
  for (const seriesInstanceUid of series) {
    const {failed, shortMessage} = await execa(program, [...args, study, seriesInstanceUid], {
      timeout: limitMs,
      cancelSignal: signal,
      reject: false,
      stdio: 'ignore',
    });
    if (failed) log.warn(`no placeholder image for series ${seriesInstanceUid}: ${shortMessage}`);
  }
  return true;
}
