import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';
import type {Log} from '../cli/log.ts';
import {type Field, parseChoices} from './projectInfo.ts';
import type {Redcap} from './redcap.ts';

/** Fields of a form that a tool needs, and those that older projects lack. */
export interface FieldNames {
  mandatory: readonly string[];
  optional: readonly string[];
}

/** A REDCap project lacks a field without which a tool cannot work. */
export class MissingFieldError extends FionaError {
  readonly exitCode = exitCode.config;
  readonly project: string;
  readonly fields: readonly string[];

  constructor(project: string, fields: readonly string[], where: string) {
    const several = fields.length > 1 ? 'fields' : 'field';
    super(
      `the REDCap project ${project} lacks the ${several} ${fields.join(', ')}${where}; add to its data dictionary`,
    );
    this.project = project;
    this.fields = fields;
  }
}

/** Fields already reported as missing, so that a run says it once. */
const reported = new WeakMap<Redcap, Set<string>>();

/**
 * The wanted fields that the project has. REDCap refuses a whole request for one unknown field, and older projects lack some:
 * missing optional fields are left out with one warning per run. A dictionary that seems outdated is asked for anew.
 * @throws MissingFieldError, RedcapError
 */
export async function presentFields(redcap: Redcap, wanted: FieldNames, log: Log): Promise<string[]> {
  let fields = await redcap.metadata();
  let missing = missingOf(wanted.mandatory, fields);
  if (missing.length > 0) {
    await redcap.forgetMetadata();
    fields = await redcap.metadata();
    missing = missingOf(wanted.mandatory, fields);
  }
  if (missing.length > 0)
    throw new MissingFieldError(redcap.name, missing, formHint(wanted.mandatory, missing, fields));
  const warned = reported.get(redcap) ?? new Set();
  reported.set(redcap, warned);
  const lacking = missingOf(wanted.optional, fields);
  const fresh = lacking.filter(name => !warned.has(name));
  for (const name of fresh) warned.add(name);
  if (fresh.length > 0) log.warn(`REDCap ${redcap.name} has no ${fresh.join(', ')}: left out`);
  return [...wanted.mandatory, ...wanted.optional.filter(name => !lacking.includes(name))];
}

function missingOf(wanted: readonly string[], fields: readonly Field[]): string[] {
  const known = new Set(fields.map(field => field.name));
  for (const field of fields) known.add(`${field.form}_complete`);
  return wanted.filter(name => !known.has(name));
}

/** The form where the present ones of the wanted fields live. */
function formHint(wanted: readonly string[], missing: readonly string[], fields: readonly Field[]): string {
  const forms = new Set(
    fields.filter(field => wanted.includes(field.name) && !missing.includes(field.name)).map(field => field.form),
  );
  return forms.size === 0 ? '' : ` (form ${[...forms].join(' or ')})`;
}

/** Code -> label of a dropdown, radio or checkbox field; empty when the project has no such field. @throws RedcapError */
export async function choicesOf(redcap: Redcap, field: string): Promise<Map<string, string>> {
  const found = (await redcap.metadata()).find(known => known.name === field);
  return parseChoices(found?.choices ?? '');
}
