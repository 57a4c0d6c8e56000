import type {ResearchProjects} from '@fiona/lib/redcap/dataTransferProjects';
import type {RunContext} from './context.ts';
import {deidSettings} from './deidSettings.ts';
import {judgeSnapshot} from './judgeSnapshot.ts';
import {ProjectRefused} from './projectRefused.ts';
import type {Claimed} from './requestQueue.ts';
import {findProject} from './researchProject.ts';
import type {SeriesPlan} from './seriesPlan.ts';
import {takeSnapshot} from './snapshot.ts';
import {obstacleOf, planStudy} from './studyPlan.ts';

/** What would be done for one request, in lines for people: nothing is locked, written or sent. */
export async function planLines(
  {request, wanted, nameProblem}: Claimed,
  projects: ResearchProjects,
  context: RunContext,
): Promise<string[]> {
  const {config, clock, log} = context;
  const title = `${request.study} -> ${request.project} (instance ${request.instance})`;
  const found = findProject(request.project, projects, config.ANONYMIZER.allowUnknownProjects);
  if (wanted !== 'wanted') return [`${title}: ${wanted}`];
  if (found.kind !== 'known') return [`${title}: ${found.detail}`];
  if (nameProblem !== undefined) return [`${title}: ${nameProblem}`];
  const {project} = found;
  const settings = await deidSettings(request, project, config, log).catch((error: unknown) => {
    if (error instanceof ProjectRefused) return {kind: 'failed' as const, detail: error.message};
    throw error;
  });
  if (settings.kind === 'failed') return [`${title}: ${settings.detail}`];
  const snapshot = await takeSnapshot(config.DATADIR, request.study, clock.now());
  const state = judgeSnapshot(snapshot, config.PIPELINE.quietSeconds);
  if (state.kind !== 'ready') return [`${title}: ${'detail' in state ? state.detail : state.kind}`];
  const plan = planStudy(snapshot, project, context);
  const obstacle = obstacleOf(plan);
  const rules = project.importRules.map(({tagText}) => tagText).join(', ');
  return [
    `${title}${rules === '' ? '' : `, import rules for ${rules}`}`,
    ...plan.map(seriesLine),
    ...(obstacle !== undefined && 'detail' in obstacle ? [`  not sent: ${obstacle.detail}`] : []),
  ];
}

function seriesLine(one: SeriesPlan): string {
  const {seriesInstanceUid, instances} = one.series;
  const bytes = instances.reduce((sum, each) => sum + each.bytes, 0);
  return `  ${one.kind}${why(one)} ${seriesInstanceUid}: ${instances.length} instances, ${bytes} bytes`;
}

function why(one: SeriesPlan): string {
  if (one.kind === 'skip') return ` (${one.reason})`;
  if (one.kind === 'hold') return ' (not classified)';
  if (one.kind === 'send' && one.exclusion !== undefined) return ` (excluded by ${one.exclusion.pattern})`;
  return '';
}
