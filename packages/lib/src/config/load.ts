import {statSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import type * as z from 'zod/mini';
import {type Log, silentLog} from '../cli/log.ts';
import {whyOf} from '../fs/fileError.ts';
import {readTextFileSync} from '../fs/jsonFile.ts';
import {ConfigError} from './configError.ts';
import {type Config, withDerivedDefaults} from './derived.ts';
import {lineAndColumn, positionKey, scanJson} from './jsonText.ts';
import {type Problem, showFound, showPath, valueAt} from './problem.ts';
import {crossCheck} from './rules.ts';
import {configSchema, type ParsedConfig} from './schema.ts';
import {secretFileProblem, secretFromEnvironment, tokenVariable} from './secrets.ts';
import {type Innards, innards, tidy, unwrap} from './tidy.ts';
import {expectedBy} from './value.ts';

export type {Config} from './derived.ts';

/** What a tool takes from the configuration. Problems elsewhere are warnings for it. */
export interface ConfigUse {
  /** Sections (`REDCAP`) and keys (`PATHS.spool`, `DATADIR`) that the tool reads. */
  keys: readonly string[];
  /** Keys that must have a value; `A|B` = one of both. Secret files among them are checked, too. */
  required?: readonly string[];
  /** Keys of folders that must exist. */
  folders?: readonly string[];
  /** Runs with defaults when nobody named a file and the default file does not exist. */
  optionalFile?: boolean;
  /** A broken file must not prevent the run (`stop`, `status` of daemons): what is wrong has its default, with a warning. */
  tolerant?: boolean;
  /** Installed below the server folder: `PATHS.serverDir` defaults to the parent of the tool's own folder. */
  serverTool?: boolean;
}

export const defaultConfigFile = '/data/config/config.json';

const largestFile = 4 * 1024 * 1024;

/**
 * Reads and checks the configuration file; all problems are reported at once.
 * @param path the file named by `--config`; undefined = `FIONA_CONFIG`, else `/data/config/config.json`
 * @param log gets a WARN line for each problem that does not concern this tool
 * @throws ConfigError
 */
export async function loadConfig(path: string | undefined, use: ConfigUse, log: Log = silentLog): Promise<Config> {
  const named = path ?? (process.env.FIONA_CONFIG || undefined);
  const file = resolve(named ?? defaultConfigFile);
  const text = readConfigText(file, use, named === undefined, log);
  return text === undefined
    ? withDerivedDefaults(configSchema.parse({}), use.serverTool === true)
    : checkConfig(text, file, use, log);
}

function readConfigText(file: string, use: ConfigUse, isDefault: boolean, log: Log): string | undefined {
  let problem: string;
  try {
    const text = readTextFileSync(file, {maxBytes: largestFile});
    if (text !== undefined) return text;
    if (isDefault && use.optionalFile) return undefined;
    problem = `${file}: the configuration file does not exist; name it with --config or FIONA_CONFIG`;
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  if (!use.tolerant) throw new ConfigError(problem);
  log.warn(`${problem}; going on with defaults`);
  return undefined;
}

/**
 * Checks the text of a configuration file. Exported for tests and the sandbox; tools use {@link loadConfig}.
 * @throws ConfigError
 */
export function checkConfig(text: string, file: string, use: ConfigUse, log: Log = silentLog): Config {
  const raw = parse(text, file, use, log);
  const {value, oddities} = tidy(raw, configSchema);
  const problems: Problem[] = oddities.map(oddity => ({
    kind: oddity.kind === 'secret' ? 'wrong' : 'unknown',
    path: oddity.path,
    text:
      oddity.kind === 'secret'
        ? `is a secret and must not stand in this file; put it into a file of its own and name that by ${oddity.path.at(-1)}File`
        : `is unknown${oddity.nearest === undefined ? '' : `, did you mean ${showPath([...oddity.path.slice(0, -1), oddity.nearest])}?`}`,
  }));
  const {parsed, issues} = parseLeniently(value);
  problems.push(...issues, ...crossCheck(parsed));
  const config = withDerivedDefaults(parsed, use.serverTool === true);
  if (!use.tolerant) problems.push(...requirements(config, use));
  const refusedProjects = report(problems, {text, file, raw, use, log});
  return {...config, ANONYMIZER: {...config.ANONYMIZER, refusedProjects}};
}

function parse(text: string, file: string, use: ConfigUse, log: Log): unknown {
  try {
    const raw: unknown = JSON.parse(text);
    if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw;
    throw new ConfigError(`${file}:1: found ${showFound(raw)}, expected an object of keys`);
  } catch (error) {
    const problem = error instanceof ConfigError ? error.message : notJson(text, file);
    if (!use.tolerant) throw error instanceof ConfigError ? error : new ConfigError(problem);
    log.warn(`${problem}; going on with defaults`);
    return {};
  }
}

function notJson(text: string, file: string): string {
  if (text.trim() === '') return `${file}: is empty, expected a JSON object`;
  const {fault} = scanJson(text);
  if (!fault) return `${file}: not JSON`;
  const {line, column} = lineAndColumn(text, fault.offset);
  return `${file}:${line}:${column}: not JSON (${fault.cause})`;
}

/** Every wrong value is reported and then treated as missing, so that the rest can be judged. */
function parseLeniently(value: unknown): {parsed: ParsedConfig; issues: Problem[]} {
  const issues: Problem[] = [];
  let input = value;
  for (;;) {
    const result = configSchema.safeParse(input);
    if (result.success) return {parsed: result.data, issues};
    const found = result.error.issues.flatMap(issue => problemsOf(issue, []));
    issues.push(...found);
    const cleaned = found.reduce((rest, {path}) => without(rest, path), input);
    // cannot happen; would otherwise never end
    if (JSON.stringify(cleaned) === JSON.stringify(input))
      throw new ConfigError(issues.map(({path}) => showPath(path)));
    input = cleaned;
  }
}

function problemsOf(issue: z.core.$ZodIssue, outer: readonly string[]): Problem[] {
  const path = [...outer, ...issue.path.map(String)];
  if (issue.code === 'invalid_union') {
    // a TLS block with wrong keys: their problems say more than "false or an object"
    const inner = issue.errors.find(branch => branch.length > 0 && branch.every(({path}) => path.length > 0));
    if (inner) return inner.flatMap(each => problemsOf(each, path));
  }
  return [{kind: 'wrong', path, expected: issue.message}];
}

/** A copy without the value at a path; a wrong element takes its whole list with it. */
function without(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined || typeof value !== 'object' || value === null) return value;
  const {[name]: child, ...others} = value as Record<string, unknown>;
  if (rest.length === 0 || typeof child !== 'object' || child === null || Array.isArray(child)) return others;
  return {...others, [name]: without(child, rest)};
}

function requirements(config: Config, use: ConfigUse): Problem[] {
  const problems: Problem[] = [];
  for (const alternatives of use.required ?? []) {
    const keys = alternatives.split('|');
    const key = keys.find(each => valueAt(config, each.split('.')) !== undefined) ?? keys[0] ?? '';
    const path = key.split('.');
    const found = valueAt(config, path);
    if (isUnknownProject(config, path)) {
      problems.push({kind: 'missing', path: path.slice(0, 2), expected: 'a data root of that name'});
      continue;
    }
    const variable = tokenVariable(key);
    if (variable !== undefined && secretFromEnvironment(variable) !== undefined) continue;
    if (found === undefined) problems.push({kind: 'missing', path, expected: expectedAt(path)});
    else if (/(?:token|credential|[kK]ey|identity)File$/.test(key) && typeof found === 'string') {
      const problem = secretFileProblem(found);
      if (problem !== undefined) problems.push({kind: 'wrong', path, text: problem});
    }
  }
  for (const key of use.folders ?? []) {
    const path = key.split('.');
    const folder = valueAt(config, path);
    if (typeof folder !== 'string') continue;
    const why = whyNoFolder(folder);
    if (why !== undefined) problems.push({kind: 'wrong', path, text: `${folder}: ${why}`});
  }
  return problems;
}

function isUnknownProject(config: Config, [section, name]: readonly string[]): boolean {
  return section === 'SITES' && name !== undefined && !Object.hasOwn(config.SITES, name);
}

function whyNoFolder(folder: string): string | undefined {
  try {
    return statSync(folder).isDirectory() ? undefined : 'is no folder';
  } catch (error) {
    return whyOf(error);
  }
}

/** What the schema expects of a key. */
function expectedAt(path: readonly string[]): string {
  let schema: z.core.$ZodType | undefined = configSchema;
  for (const name of path) {
    const inner: Innards = schema ? innards(schema) : {};
    schema = inner.shape?.[name] ?? inner.values;
  }
  return (schema && expectedBy(unwrap(schema))) ?? 'a value';
}

interface Context {
  text: string;
  file: string;
  raw: unknown;
  use: ConfigUse;
  log: Log;
}

/** @returns research projects whose own keys are wrong, each with what is wrong: they are refused, the others go on */
function report(problems: readonly Problem[], context: Context): Record<string, string> {
  const {use, log} = context;
  if (problems.length === 0) return {};
  const {positions} = scanJson(context.text);
  const errors: string[] = [];
  const refused: [string, string][] = [];
  const inFileOrder = problems
    .map(problem => ({problem, line: lineNear(problem.path, context.text, positions)}))
    .sort((a, b) => a.line - b.line);
  for (const {problem} of inFileOrder) {
    const used = isUsed(problem.path, use);
    if ((problem.kind === 'missing' || problem.kind === 'notice') && !used) continue;
    const line = lineOf(problem, context, positions);
    const stops =
      used &&
      !use.tolerant &&
      (problem.kind === 'unknown'
        ? problem.path[0] === 'ANONYMIZER' && problem.path.length > 1
        : problem.kind !== 'notice');
    const project = researchProjectOf(problem.path);
    if (stops && project !== undefined) {
      log.error(`${line}; nothing is done for this project`);
      refused.push([project, line]);
    } else if (stops) errors.push(line);
    else log.warn(line);
  }
  if (errors.length > 0) throw new ConfigError([...new Set(errors)]);
  const byProject = Map.groupBy(refused, ([project]) => project);
  return Object.fromEntries(
    [...byProject].map(([project, all]) => [project, [...new Set(all.map(([, line]) => line))].join('; ')]),
  );
}

/** The research project that a key below `ANONYMIZER.projects` is about: what is wrong there concerns nobody else. */
function researchProjectOf([section, key, project]: readonly string[]): string | undefined {
  return section === 'ANONYMIZER' && key === 'projects' ? project : undefined;
}

function isUsed(path: readonly string[], use: ConfigUse): boolean {
  const key = path.join('.');
  const required = (use.required ?? []).flatMap(keys => keys.split('|'));
  return [...use.keys, ...required, ...(use.folders ?? [])].some(
    used => used === key || key.startsWith(`${used}.`) || used.startsWith(`${key}.`),
  );
}

function lineOf(problem: Problem, {text, file, raw}: Context, positions: ReadonlyMap<string, number>): string {
  const found = valueAt(raw, problem.path);
  const rest =
    problem.text ?? `: found ${showFound(found)}, expected ${problem.expected}${whatItWouldBe(found, problem, file)}`;
  const joint = problem.text === undefined ? '' : problem.text.startsWith('/') ? ': ' : ' ';
  return `${file}:${lineNear(problem.path, text, positions)}: ${showPath(problem.path)}${joint}${rest}`;
}

function whatItWouldBe(found: unknown, problem: Problem, file: string): string {
  return typeof found === 'string' && problem.expected?.startsWith('an absolute path')
    ? ` (below this file it would be ${resolve(dirname(file), found)})`
    : '';
}

/** Line of the value, or of the nearest part of its path that stands in the file. */
function lineNear(path: readonly string[], text: string, positions: ReadonlyMap<string, number>): number {
  for (let length = path.length; length > 0; length--) {
    const offset = positions.get(positionKey(path.slice(0, length)));
    if (offset !== undefined) return lineAndColumn(text, offset).line;
  }
  return 1;
}
