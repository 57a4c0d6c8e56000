import type {Log} from '../cli/log.ts';
import {choicesOf, presentFields} from './fields.ts';
import type {Redcap} from './redcap.ts';
import {trimmed} from './routing.ts';
import {groupByRecord, type Row} from './row.ts';

/** A rule that names one DICOM element and a pattern for its text. */
export interface TagRule {
  /** Group * 65536 + element; undefined when the text names no element. */
  tag: number | undefined;
  tagText: string;
  pattern: string;
}

/** What is kept of one element's text while a study is de-identified for the project. */
export interface ImportRuleRow extends TagRule {
  /** Field of the tag in REDCap; the pattern's ends in `_regexp`. */
  field: string;
}

/** A series whose element matches keeps its burned-in text. */
export interface PixelExclusion extends TagRule {
  tag: number;
  /** Instance of the row in REDCap. */
  instance: number;
}

/** One research project as the pipeline knows it. */
export interface ResearchProject {
  /** Record id; by convention equal to the name. */
  record: string;
  name: string;
  active: boolean;
  /** Pattern of valid pseudonyms. */
  naming: string;
  /** In their order; a rule without tag is none. */
  importRules: ImportRuleRow[];
  features: {removePresentationStates: boolean; neverRewritePixels: boolean; removeSecondaryCaptures: boolean};
  exclusions: PixelExclusion[];
  useAutoId: boolean;
  autoIdAeTitle: string;
  /** API token of the project's own database; only when asked for. A secret. */
  token?: string;
}

/** A value that cannot be used as it stands; names no value. */
export interface ProjectProblem {
  record: string;
  field: string;
  message: string;
}

/** All research projects, and what is wrong with some. */
export interface ResearchProjects {
  projects: Map<string, ResearchProject>;
  /** Names that several records carry: none of them is in `projects`. */
  duplicates: string[];
  problems: ProjectProblem[];
}

const mandatory = [
  'project_name',
  'project_active',
  'project_patient_naming',
  'project_use_autoid',
  'project_autoid_aetitle',
];
const ruleNumbers = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/**
 * All research projects by name (exact, after trimming).
 * @param options.tokens also asks for the tokens of the projects' own databases
 * @throws MissingFieldError, RedcapError
 */
export async function readResearchProjects(
  redcap: Redcap,
  options: {tokens?: boolean},
  log: Log,
): Promise<ResearchProjects> {
  const present = new Set((await redcap.metadata()).map(field => field.name));
  const furtherRules = ruleNumbers
    .slice(1)
    .flatMap(ruleFields)
    .filter(field => present.has(field));
  const always = [
    ...mandatory,
    ...ruleFields(1),
    'rewrite_ex_tag',
    'rewrite_ex_reg',
    ...(options.tokens ? ['project_token'] : []),
  ];
  const fields = await presentFields(redcap, {mandatory: always, optional: ['project_features']}, log);
  const rows = await redcap.read({fields: [...fields, ...furtherRules]});
  return researchProjects(rows, await choicesOf(redcap, 'rewrite_ex_tag'));
}

function ruleFields(number: number): string[] {
  return [`project_import_rule_${number}_tag`, `project_import_rule_${number}_regexp`];
}

/** Projects from exported rows. @param tagChoices code -> label of `rewrite_ex_tag` */
export function researchProjects(rows: readonly Row[], tagChoices: ReadonlyMap<string, string>): ResearchProjects {
  const problems: ProjectProblem[] = [];
  const byName = new Map<string, ResearchProject[]>();
  for (const [record, own] of groupByRecord(rows)) {
    const base = own.find(row => row.form === undefined);
    const project = base && projectOf(base, problems);
    if (!project) continue;
    project.exclusions = own
      .filter(row => row.form === 'rewritepixelexclusions')
      .flatMap(row => exclusionOf(row, tagChoices, record, problems));
    if (project.name === '') {
      problems.push({record, field: 'project_name', message: 'is blank'});
      continue;
    }
    byName.set(project.name, [...(byName.get(project.name) ?? []), project]);
  }
  const result: ResearchProjects = {projects: new Map(), duplicates: [], problems};
  for (const [name, same] of byName) {
    const [only] = same;
    if (only && same.length === 1) result.projects.set(name, only);
    else result.duplicates.push(name);
  }
  return result;
}

function projectOf(row: Row, problems: ProjectProblem[]): ResearchProject {
  const text = (field: string) => trimmed(row.values[field] ?? '');
  const token = row.values.project_token;
  const project: ResearchProject = {
    record: row.record,
    name: text('project_name'),
    active: text('project_active') === '1',
    naming: text('project_patient_naming'),
    importRules: ruleNumbers.flatMap(number => importRule(row, number, problems)),
    features: {
      removePresentationStates: isChecked(row, 0, problems),
      neverRewritePixels: isChecked(row, 1, problems),
      removeSecondaryCaptures: isChecked(row, 2, problems),
    },
    exclusions: [],
    useAutoId: text('project_use_autoid') === '1',
    autoIdAeTitle: text('project_autoid_aetitle'),
  };
  if (token !== undefined) Object.defineProperty(project, 'token', {value: token.trim(), enumerable: false});
  return project;
}

/** What is neither ticked nor unticked is reported under `project_features`: nobody knows what the project wanted. */
function isChecked({record, values}: Row, choice: number, problems: ProjectProblem[]): boolean {
  const found = values[`project_features___${choice}`] ?? '';
  if (!['', '0', '1'].includes(found)) {
    problems.push({record, field: 'project_features', message: `choice ${choice} is neither ticked nor unticked`});
  }
  return found === '1';
}

/** A rule with a tag that cannot be understood is kept: it must make the project's transfers fail, not be forgotten. */
function importRule(row: Row, number: number, problems: ProjectProblem[]): ImportRuleRow[] {
  const field = `project_import_rule_${number}_tag`;
  const tagText = trimmed(row.values[field] ?? '');
  if (tagText === '') return [];
  const tag = parseRuleTag(tagText);
  if (tag === undefined) problems.push({record: row.record, field, message: 'names no DICOM element (GGGG,EEEE)'});
  return [{field, tag, tagText, pattern: row.values[`project_import_rule_${number}_regexp`] ?? ''}];
}

/** The tag is the first word of the choice's label. Without pattern or tag there is no rule: an empty pattern would match everything. */
function exclusionOf(
  row: Row,
  choices: ReadonlyMap<string, string>,
  record: string,
  problems: ProjectProblem[],
): PixelExclusion[] {
  const code = trimmed(row.values.rewrite_ex_tag ?? '');
  const pattern = row.values.rewrite_ex_reg ?? '';
  if (code === '' || pattern.trim() === '') return [];
  const tagText = (choices.get(code) ?? code).trim().split(/\s+/)[0] ?? '';
  const tag = parseRuleTag(tagText);
  if (tag === undefined) {
    problems.push({
      record,
      field: `rewrite_ex_tag (instance ${row.instance ?? 0})`,
      message: 'its choice does not begin with a DICOM element',
    });
    return [];
  }
  return [{tag, tagText, pattern, instance: row.instance ?? 0}];
}

/** `GGGG,EEEE`, `(GGGG,EEEE)`, `GGGGEEEE`, `0xGGGG,0xEEEE`, `0xGGGG:0xEEEE`; hex digits of any case. */
export function parseRuleTag(text: string): number | undefined {
  const match = /^\(?\s*(?:0x)?([0-9a-f]{4})\s*[,:]?\s*(?:0x)?([0-9a-f]{4})\s*\)?$/i.exec(text);
  return match ? Number.parseInt(`${match[1]}${match[2]}`, 16) : undefined;
}
