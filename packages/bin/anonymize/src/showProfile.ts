import type {Outcome, Run} from '@fiona/lib/cli/runTool';
import type {Config} from '@fiona/lib/config/load';
import {patternRows} from '@fiona/lib/deid/profile/patternRows';
import {Profile} from '@fiona/lib/deid/profile/profile';
import {safePrivateRows} from '@fiona/lib/deid/profile/safePrivateRows';
import {actionOfVr} from '@fiona/lib/deid/profile/vrRules';
import {projectStyle, resolveDeidRequest} from '@fiona/lib/deid/resolveRequest';
import {vrRules} from '@fiona/lib/dicom/vr';
import {writeFileAtomic} from '@fiona/lib/fs/atomic';
import type {AnonymizeOptions} from './options.ts';

/** Group, element, keyword, action, reason; `x` stands for any hexadecimal digit. */
type Row = readonly [group: string, element: string, keyword: string, action: string, reason: string];

/** Shows the profile in force, for a project where one is named, or writes it to a file. */
export async function showProfile({options, config, log}: Run<AnonymizeOptions>): Promise<Outcome> {
  const project = options.projectname ?? options.project;
  const section = config.ANONYMIZER;
  if (project !== undefined && projectStyle(section, project).uidStyle !== 'keyed')
    log.warn(
      `project ${project} is not keyed: whoever holds an original UID or accession number can tell its pseudonym`,
    );
  const rows = await profileRows(section, project);
  if (options.exportanon !== undefined) {
    const isCsv = options.exportanon.toLowerCase().endsWith('.csv');
    await writeFileAtomic(options.exportanon, isCsv ? csvOf(rows) : jsonOf(rows));
    return {counts: {rows: rows.length}};
  }
  return {counts: {rows: rows.length}, json: rows, lines: rows.map(lineOf), summary: false};
}

async function profileRows(section: Config['ANONYMIZER'], project: string | undefined): Promise<readonly Row[]> {
  // subject and key play no part in the profile
  const {projects, ...shared} = section;
  const own = project !== undefined && Object.hasOwn(projects, project) ? projects[project] : undefined;
  const plain = {
    ...shared,
    uidStyle: 'oid' as const,
    projects: own === undefined ? {} : {profile: {...own, uidStyle: 'oid' as const}},
  };
  const request = await resolveDeidRequest(plain as Config['ANONYMIZER'], {project: 'profile', subject: 'profile'});
  const single = new Profile(request).rules().map(({tag, keyword, action, source, why}): Row => {
    const hex = tag.toString(16).toUpperCase().padStart(8, '0');
    return [hex.slice(0, 4), hex.slice(4), keyword, action, `${source}: ${why}`];
  });
  const patterns = patternRows
    .filter(([pattern]) => !pattern.startsWith('gggg'))
    .map(([pattern, keyword, , , action, why]): Row => [pattern.slice(0, 4), pattern.slice(5), keyword, action, why]);
  return [...single, ...patterns, ...privateRows(request.safePrivate), ...vrRows()];
}

/** Private elements that stay; all others go. */
function privateRows(ofSite: readonly string[]): readonly Row[] {
  const checked = safePrivateRows.flatMap(([creator, group, elements]) =>
    Object.entries(elements)
      .filter(([vr]) => /^(?:US|SS|UL|SL|FL|FD|AT|DS|IS|CS)$/.test(vr))
      .flatMap(([vr, numbers]) =>
        numbers
          .split(' ')
          .map((number): Row => [hexGroup(group), `xx${number}`, `[${creator}]`, 'keep', `safe private, ${vr}`]),
      ),
  );
  const site = ofSite.map((text): Row => {
    const [creator = '', tag = ''] = text.split('|');
    const [group = '', number = ''] = tag.split(',');
    return [group.toUpperCase(), `xx${number}`, `[${creator}]`, 'keep', 'safe private, configured'];
  });
  return [...checked, ...site, ['odd', 'xxxx', '[any other]', 'remove', 'private']];
}

function hexGroup(group: number): string {
  return group.toString(16).toUpperCase().padStart(4, '0');
}

/** What becomes of attributes that have no row of their own. */
function vrRows(): readonly Row[] {
  return (Object.keys(vrRules) as (keyof typeof vrRules)[]).map(
    (vr): Row => ['xxxx', 'xxxx', `any other ${vr}`, actionOfVr[vr], 'not in Table E.1-1'],
  );
}

function lineOf([group, element, keyword, action, reason]: Row): string {
  return `(${group},${element}) ${keyword.padEnd(44)} ${action.padEnd(18)} ${reason}`;
}

function jsonOf(rows: readonly Row[]): string {
  return `[\n${rows.map(row => JSON.stringify(row)).join(',\n')}\n]\n`;
}

function csvOf(rows: readonly Row[]): string {
  const quoted = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `${[['group', 'element', 'keyword', 'action', 'reason'], ...rows].map(row => row.map(quoted).join(',')).join('\n')}\n`;
}
