import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {Clock} from '../cli/clock.ts';
import {readJsonFile, writeJsonFile} from '../fs/jsonFile.ts';
import {makeFolder} from '../fs/makeFolder.ts';
import {listParameters} from './form.ts';
import type {Server} from './server.ts';

/** One field of the data dictionary. */
export interface Field {
  name: string;
  form: string;
  /** `text`, `notes`, `calc`, `dropdown`, `radio`, `checkbox`, `yesno`, `truefalse`, `file`, `slider`, `descriptive`, `sql`. */
  type: string;
  label: string;
  /** Choices (`code, label | code, label`), calculation or slider labels, as they stand. */
  choices: string;
  /** `datetime_ymd`, `integer` …, blank for none. */
  validation: string;
}

/** What the answers of a project look like. */
export interface ProjectInfo {
  title: string;
  longitudinal: boolean;
  /** Whether any instrument or event repeats. */
  repeating: boolean;
  autoNumbering: boolean;
}

/** One event of a longitudinal project. */
export interface EventInfo {
  /** Unique name, `baseline_arm_1`. */
  name: string;
  label: string;
  arm: number;
}

/** What the dictionary says, as kept in the cache. */
export interface Dictionary {
  fields: Field[];
  project: ProjectInfo;
}

interface CacheFile extends Dictionary {
  version: 1;
  at: string;
}

const keptMs = 24 * 3600 * 1000;

/** The dictionary of one project: asked for once a day by all tools together, kept in `<stateDir>/redcap-cache/`. */
export interface ProjectCache {
  dictionary(): Promise<Dictionary>;
  /** A column proved to be unknown or invisible: the dictionary is asked for anew next time. */
  drop(): Promise<void>;
}

/** Nothing is read or asked for before the first use. */
export function createProjectCache(server: Server, stateDir: string, clock: Clock): ProjectCache {
  const folder = join(stateDir, 'redcap-cache');
  const path = () => join(folder, `${server.identity}.json`);
  let known: Promise<Dictionary> | undefined;

  async function load(): Promise<Dictionary> {
    const cached = asCacheFile(await readJsonFile(path()).catch(() => undefined), clock);
    if (cached) return cached;
    const dictionary: Dictionary = {fields: await fetchFields(server), project: await fetchProject(server)};
    makeFolder(folder, 0o700);
    const file: CacheFile = {version: 1, at: clock.now().toISOString(), ...dictionary};
    await writeJsonFile(path(), file, {mode: 0o600});
    return dictionary;
  }

  return {
    dictionary: async () => {
      known ??= load();
      try {
        return await known;
      } catch (error) {
        known = undefined;
        throw error;
      }
    },
    drop: async () => {
      known = undefined;
      await rm(path(), {force: true});
    },
  };
}

/** Our own file: a wrong shape means another version, which is read as no cache. */
function asCacheFile(value: unknown, clock: Clock): CacheFile | undefined {
  const file = value as Partial<CacheFile> | null | undefined;
  if (
    file?.version !== 1 ||
    !Array.isArray(file.fields) ||
    file.fields.length === 0 ||
    typeof file.project !== 'object'
  )
    return undefined;
  const age = clock.now().getTime() - Date.parse(String(file.at));
  return age >= 0 && age < keptMs ? (file as CacheFile) : undefined;
}

/** The data dictionary in its order. @throws RedcapError */
export async function fetchFields(server: Server, forms: readonly string[] = []): Promise<Field[]> {
  const rows = await fetchList(server, 'metadata', listParameters('forms', forms));
  const fields = rows.map(row => ({
    name: text(row.field_name),
    form: text(row.form_name),
    type: text(row.field_type),
    label: text(row.field_label),
    choices: text(row.select_choices_or_calculations),
    validation: text(row.text_validation_type_or_show_slider_number),
  }));
  if (fields.length === 0 || fields.some(field => field.name === '' || field.form === '')) {
    throw server.error({
      kind: 'malformed',
      message: 'the data dictionary is empty or has a field without name',
      content: 'metadata',
    });
  }
  return fields;
}

async function fetchProject(server: Server): Promise<ProjectInfo> {
  const value = await server.call(question('project'));
  const row = Array.isArray(value) ? (value[0] as unknown) : value;
  if (typeof row !== 'object' || row === null || !('is_longitudinal' in row)) {
    throw server.error({kind: 'malformed', message: 'the answer does not describe a project', content: 'project'});
  }
  const facts = row as Record<string, unknown>;
  return {
    title: text(facts.project_title),
    longitudinal: text(facts.is_longitudinal) === '1',
    repeating: text(facts.has_repeating_instruments_or_events) === '1',
    autoNumbering: text(facts.record_autonumbering_enabled) === '1',
  };
}

/** Events in the order of the export (arm, then day offset); none for a project that is not longitudinal. @throws RedcapError */
export async function fetchEvents(server: Server): Promise<EventInfo[]> {
  const rows = await fetchList(server, 'event');
  return rows.map(row => ({
    name: text(row.unique_event_name),
    label: text(row.event_name),
    arm: Number(text(row.arm_num)),
  }));
}

/** A list of objects, whatever the content. @throws RedcapError of kind `malformed` when it is none */
export async function fetchList(
  server: Server,
  content: string,
  parameters: Call['parameters'] = [],
): Promise<Record<string, unknown>[]> {
  const rows = await server.call({
    ...question(content, parameters),
    decode: value =>
      Array.isArray(value) && value.every(item => typeof item === 'object' && item !== null)
        ? {kind: 'ok', value}
        : {kind: 'malformed', message: 'the answer is not a list'},
  });
  return rows as Record<string, unknown>[];
}

type Call = Parameters<Server['call']>[0];

function question(content: string, parameters: Call['parameters'] = []): Call {
  return {content, parameters, expected: 'json', changes: false, repeatable: true};
}

function text(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}

/** The columns by which a field is exported; descriptive fields have none. */
export function exportColumns(field: Field): string[] {
  if (field.type === 'descriptive') return [];
  if (field.type !== 'checkbox') return [field.name];
  return [...parseChoices(field.choices).keys()].map(code => `${field.name}___${columnSuffix(code)}`);
}

/** The fields whose columns rows hold, a checkbox by its base name. */
export function baseFieldNames(rows: readonly {values: object}[], fields: readonly Field[]): string[] {
  const names = new Map(fields.flatMap(field => exportColumns(field).map(column => [column, field.name] as const)));
  const columns = rows.flatMap(row => Object.keys(row.values));
  return [...new Set(columns.map(column => names.get(column) ?? column))];
}

/** How a checkbox code appears in its column: lower case, other characters than letters and digits as `_`. */
export function columnSuffix(code: string): string {
  return code.toLowerCase().replaceAll(/[^a-z0-9]/g, '_');
}

/** Choices `code, label | code, label`: split at the bar, then at the first comma only, since labels may hold commas. */
export function parseChoices(choices: string): Map<string, string> {
  const parsed = new Map<string, string>();
  for (const choice of choices.split('|')) {
    const comma = choice.indexOf(',');
    const code = (comma < 0 ? choice : choice.slice(0, comma)).trim();
    if (code !== '') parsed.set(code, comma < 0 ? code : choice.slice(comma + 1).trim());
  }
  return parsed;
}
