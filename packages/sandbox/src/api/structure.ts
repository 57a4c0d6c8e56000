import {type TableShape, writeTable} from '../formats/table.ts';
import {METADATA_COLUMNS} from '../project/dictionary.ts';
import {formLabel, type Project} from '../project/project.ts';
import {type Answer, ApiError, invalidNames, ok} from './answer.ts';
import type {Context} from './context.ts';
import {requestedFields} from './exportColumns.ts';

function table({parameters}: Context, shape: TableShape, rows: string[][]): Answer {
  const {format} = parameters;
  return ok(format, writeTable(format, shape, rows));
}

/** `content=metadata`: the dictionary rows asked for, in dictionary order; status fields are never listed. */
export function exportMetadata(context: Context): Answer {
  const {project, parameters} = context;
  const wanted = new Set(requestedFields(project, parameters).map(field => field.name));
  const {forms} = project.dictionary;
  const rows = [...project.definition.metadata]
    .sort((a, b) => forms.indexOf(a.form_name) - forms.indexOf(b.form_name))
    .filter(row => wanted.has(row.field_name));
  return table(
    context,
    {columns: [...METADATA_COLUMNS]},
    rows.map(row => METADATA_COLUMNS.map(column => row[column])),
  );
}

/** `content=instrument`. */
export function exportInstruments(context: Context): Answer {
  const {project} = context;
  const rows = project.dictionary.forms.map(form => [form, formLabel(project, form)]);
  return table(context, {columns: ['instrument_name', 'instrument_label']}, rows);
}

/** `content=exportFieldNames`: one row per exported column; no file and descriptive fields. */
export function exportFieldNames(context: Context): Answer {
  const {project, parameters} = context;
  const name = parameters.text('field');
  const {fields} = project.dictionary;
  if (name !== '' && !fields.has(name)) throw invalidNames('field', [name]);
  const rows = [...fields.values()]
    .filter(field => field.type !== 'file' && (name === '' || field.name === name))
    .flatMap(field => field.columns.map(column => [field.name, column.choice?.code ?? '', column.name]));
  return table(context, {columns: ['original_field_name', 'choice_value', 'export_field_name']}, rows);
}

function refuseClassic(project: Project, what: string): void {
  if (!project.longitudinal) throw new ApiError(400, `You cannot export ${what} for classic projects`);
}

/** Arms asked for, all without the parameter. @throws ApiError 400 for unknown ones */
function wantedArms({parameters, project}: Context): Set<number> {
  const known = new Set([...project.events.values()].map(event => event.arm_num));
  const asked = parameters.list('arms');
  if (asked === undefined) return known;
  const unknown = asked.filter(arm => !known.has(Number(arm)));
  if (unknown.length > 0) throw invalidNames('arms', unknown);
  return new Set(asked.map(Number));
}

/** `content=arm`: arms that have events. */
export function exportArms(context: Context): Answer {
  const {project} = context;
  refuseClassic(project, 'arms');
  const wanted = wantedArms(context);
  const rows = [...wanted]
    .sort((a, b) => a - b)
    .map(number => [
      String(number),
      project.definition.arms.find(arm => arm.arm_num === number)?.name ?? `Arm ${number}`,
    ]);
  return table(context, {columns: ['arm_num', 'name'], integers: ['arm_num']}, rows);
}

/** `content=event`. */
export function exportEvents(context: Context): Answer {
  const {project} = context;
  refuseClassic(project, 'events');
  const wanted = wantedArms(context);
  const rows = [...project.events.values()]
    .filter(event => wanted.has(event.arm_num))
    .map(event => [
      event.event_name,
      String(event.arm_num),
      event.unique_event_name,
      event.custom_event_label,
      String(event.event_id),
    ]);
  const columns = ['event_name', 'arm_num', 'unique_event_name', 'custom_event_label', 'event_id'];
  return table(context, {columns, integers: ['arm_num', 'event_id']}, rows);
}

/** `content=formEventMapping`: by event, then in dictionary order. */
export function exportMapping(context: Context): Answer {
  const {project} = context;
  refuseClassic(project, 'form/event mappings');
  const wanted = wantedArms(context);
  const rows = [...project.events.values()]
    .filter(event => wanted.has(event.arm_num))
    .flatMap(event =>
      project.dictionary.forms
        .filter(form => event.forms.includes(form))
        .map(form => [String(event.arm_num), event.unique_event_name, form]),
    );
  return table(context, {columns: ['arm_num', 'unique_event_name', 'form'], integers: ['arm_num']}, rows);
}

/** `content=repeatingFormsEvents`: a repeating event has a blank form name; classic projects have no event column. */
export function exportRepeating(context: Context): Answer {
  const {project} = context;
  const entries = project.definition.repeating;
  if (entries.length === 0) {
    throw new ApiError(
      400,
      'You cannot export repeating instruments and events because the project does not contain any repeating instruments and events',
    );
  }
  const columns = [...(project.longitudinal ? ['event_name'] : []), 'form_name', 'custom_form_label'];
  const rows = entries.map(entry => [
    ...(project.longitudinal ? [entry.event_name] : []),
    entry.form_name,
    entry.custom_form_label,
  ]);
  return table(context, {columns, style: 'plain'}, rows);
}

/** `content=dag`: without groups an empty table. */
export function exportGroups(context: Context): Answer {
  const columns = ['data_access_group_name', 'unique_group_name', 'data_access_group_id'];
  const rows = context.project.definition.groups.map(group => [
    group.data_access_group_name,
    group.unique_group_name,
    String(group.data_access_group_id),
  ]);
  return table(context, {columns, integers: ['data_access_group_id']}, rows);
}
