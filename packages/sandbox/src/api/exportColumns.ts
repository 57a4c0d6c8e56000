import type {Parameters} from '../http/parameters.ts';
import type {Column, Field} from '../project/dictionary.ts';
import {hasRepeating, type Project} from '../project/project.ts';
import {invalidNames} from './answer.ts';

/** A column of an export: a system column, the record id, or a column of a field. */
export type ExportColumn =
  | {kind: 'recordId' | 'event' | 'instrument' | 'instance' | 'group'; name: string; label: string}
  | {kind: 'value'; name: string; label: string; column: Column};

/**
 * Fields asked for: those of `fields` and of `forms`, everything when neither is given; in dictionary order.
 * @throws ApiError 400 for unknown fields and forms
 */
export function requestedFields(project: Project, parameters: Parameters): Field[] {
  const {fields, forms} = project.dictionary;
  const names = parameters.list('fields');
  const formNames = parameters.list('forms');
  const unknownFields = names?.filter(name => !fields.has(name)) ?? [];
  if (unknownFields.length > 0) throw invalidNames('fields', unknownFields);
  const unknownForms = formNames?.filter(name => !forms.includes(name)) ?? [];
  if (unknownForms.length > 0) throw invalidNames('forms', unknownForms);
  const all = [...fields.values()];
  if (names === undefined && formNames === undefined) return all;
  return all.filter(field => names?.includes(field.name) || formNames?.includes(field.form));
}

/**
 * Columns of a flat export. The system columns come directly behind the record id, and only together with it.
 */
export function flatColumns(project: Project, fields: Field[], withGroups: boolean): ExportColumn[] {
  return fields.flatMap(field => {
    if (field.name !== project.dictionary.recordId) {
      return field.columns.map(
        (column): ExportColumn => ({kind: 'value', name: column.name, label: labelOf(column), column}),
      );
    }
    const columns: ExportColumn[] = [{kind: 'recordId', name: field.name, label: field.label}];
    if (project.longitudinal) columns.push({kind: 'event', name: 'redcap_event_name', label: 'Event Name'});
    if (hasRepeating(project)) {
      columns.push({kind: 'instrument', name: 'redcap_repeat_instrument', label: 'Repeat Instrument'});
      columns.push({kind: 'instance', name: 'redcap_repeat_instance', label: 'Repeat Instance'});
    }
    if (withGroups) columns.push({kind: 'group', name: 'redcap_data_access_group', label: 'Data Access Group'});
    return columns;
  });
}

function labelOf({field, choice}: Column): string {
  return choice === undefined ? field.label : `${field.label} (choice=${choice.label})`;
}
