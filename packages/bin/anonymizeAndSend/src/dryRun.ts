import type {ResearchProjects} from '@fiona/lib/redcap/dataTransferProjects';
import type {Claimed} from './requestQueue.ts';
import {judgeSnapshot, takeSnapshot} from './snapshot.ts';
import {planStudy, type TransferContext} from './transfer.ts';

/** What would be done for one request, in lines for people: nothing is locked, written or sent. */
export async function planLines(
  {request, wanted}: Claimed,
  {projects}: ResearchProjects,
  context: TransferContext,
): Promise<string[]> {
  const title = `${request.study} -> ${request.project} (instance ${request.instance})`;
  const project = projects.get(request.project);
  if (wanted.kind !== 'wanted') return [`${title}: ${wanted.kind}`];
  if (project === undefined) return [`${title}: unknown project`];
  const {config, clock} = context;
  const snapshot = await takeSnapshot(config.DATADIR, request.study, clock.now());
  const state = judgeSnapshot(snapshot, config.PIPELINE.quietSeconds);
  if (state.kind !== 'ready') return [`${title}: ${'reason' in state ? state.reason : state.kind}`];
  const plan = planStudy(snapshot, project, context);
  if (!Array.isArray(plan)) return [`${title}: ${'detail' in plan ? plan.detail : plan.kind}`];
  const rules = project.importRules.map(({tagText}) => tagText).join(', ');
  return [
    `${title}${rules === '' ? '' : `, import rules for ${rules}`}`,
    ...plan.map(({kind, series, ...facts}) => {
      const bytes = series.instances.reduce((sum, each) => sum + each.bytes, 0);
      const why = 'reason' in facts ? ` (${facts.reason})` : '';
      return `  ${kind}${why} ${series.seriesInstanceUid}: ${series.instances.length} instances, ${bytes} bytes`;
    }),
  ];
}
