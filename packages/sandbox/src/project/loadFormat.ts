import {z} from 'zod';
import {checkMetadata} from './checkMetadata.ts';
import {METADATA_COLUMNS, type MetadataRow} from './dictionary.ts';

const text = z.preprocess(value => (value === null || value === undefined ? '' : value), z.coerce.string());
const flag = z
  .preprocess(
    value => (value === undefined ? true : value),
    z.union([z.boolean(), z.literal(0), z.literal(1), z.literal('0'), z.literal('1')]),
  )
  .transform(value => value === true || Number(value) === 1);

const metadataRow = z
  .record(z.string(), z.union([z.string(), z.number(), z.null()]))
  .transform(
    row => Object.fromEntries(METADATA_COLUMNS.map(column => [column, String(row[column] ?? '')])) as MetadataRow,
  );

const fileShape = z.object({
  name: z.string().min(1),
  metadata: z.array(metadataRow).min(1),
  events: z
    .array(
      z.object({
        unique_event_name: z.string().regex(/^[a-z0-9_]{1,100}$/),
        forms: z.array(z.string()),
        event_name: text,
        arm_num: z.coerce.number().int().min(1).optional(),
        custom_event_label: text,
        day_offset: text,
      }),
    )
    .default([]),
  arms: z.array(z.object({arm_num: z.coerce.number().int().min(1), name: z.string()})).default([]),
  repeating: z.array(z.object({form_name: text, event_name: text, custom_form_label: text})).default([]),
  forms: z.array(z.object({instrument_name: z.string(), instrument_label: z.string()})).default([]),
  dags: z.array(z.object({unique_group_name: z.string().min(1), data_access_group_name: text})).default([]),
  record_autonumbering_enabled: flag,
  project: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  rights: z
    .object({api_export: flag, api_import: flag, record_delete: flag, logging: flag})
    .default({api_export: true, api_import: true, record_delete: true, logging: true}),
  data: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))).default([]),
});

/** A project file whose shape and dictionary are checked; names that point to each other are checked too, data are not. */
export type ProjectFile = z.infer<typeof fileShape>;

const KNOWN_KEYS = new Set(Object.keys(fileShape.shape));

const placeOf = (path: PropertyKey[]): string =>
  path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('');

/**
 * Checks the JSON of a project file.
 * @returns the file and the top-level keys that are ignored, or every problem with its place
 */
export function parseProjectFile(value: unknown): {file: ProjectFile; ignored: string[]} | {problems: string[]} {
  const parsed = fileShape.safeParse(value);
  if (!parsed.success) {
    return {problems: parsed.error.issues.map(issue => `${placeOf(issue.path) || 'the file'}: ${issue.message}`)};
  }
  const file = parsed.data;
  const problems = [...checkMetadata(file.metadata), ...checkReferences(file)];
  if (problems.length > 0) return {problems};
  return {file, ignored: Object.keys(value as object).filter(key => !KNOWN_KEYS.has(key))};
}

/** Forms and events that are named must exist, once each. */
function checkReferences(file: ProjectFile): string[] {
  const problems: string[] = [];
  const forms = new Set(file.metadata.map(row => row.form_name));
  const events = new Set(file.events.map(event => event.unique_event_name));
  const known = (place: string, form: string): void => {
    if (!forms.has(form)) problems.push(`${place}: form ${form} is not in the dictionary`);
  };
  for (const [index, event] of file.events.entries()) {
    for (const [position, form] of event.forms.entries()) known(`events[${index}].forms[${position}]`, form);
    const first = file.events.findIndex(other => other.unique_event_name === event.unique_event_name);
    if (first < index) problems.push(`events[${index}].unique_event_name: ${event.unique_event_name} occurs twice`);
  }
  for (const [index, form] of file.forms.entries()) known(`forms[${index}].instrument_name`, form.instrument_name);
  for (const [index, entry] of file.repeating.entries()) {
    const place = `repeating[${index}]`;
    if (entry.form_name !== '') known(`${place}.form_name`, entry.form_name);
    if (events.size > 0 && !events.has(entry.event_name)) {
      problems.push(`${place}.event_name: event ${entry.event_name} is not among the events`);
    }
    if (events.size === 0 && entry.form_name === '') {
      problems.push(`${place}.form_name: a project without events has no repeating events`);
    }
  }
  return problems;
}
