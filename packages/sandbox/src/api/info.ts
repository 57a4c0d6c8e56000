import {writeTable} from '../formats/table.ts';
import {hasRepeating, type Project} from '../project/project.ts';
import {type Answer, ok, plain} from './answer.ts';
import type {Context} from './context.ts';

export const VERSION = '14.7.3';

/** `content=version`: plain text, whatever the format. */
export function exportVersion(): Answer {
  return plain(VERSION);
}

/** `content=generateNextRecordName`: highest whole-number name + 1. Reserves nothing. */
export function nextRecordName({project, records}: Context): Answer {
  return plain(String(records.highestNumber(project) + 1n));
}

const flag = (value: boolean): number => (value ? 1 : 0);

function projectInfo(project: Project): Record<string, string | number> {
  const values: Record<string, string | number> = {
    project_id: project.id,
    project_title: project.name,
    creation_time: project.created,
    production_time: '',
    in_production: 0,
    project_language: 'English',
    purpose: 0,
    purpose_other: '',
    project_notes: '',
    custom_record_label: '',
    secondary_unique_field: '',
    is_longitudinal: flag(project.longitudinal),
    has_repeating_instruments_or_events: flag(hasRepeating(project)),
    surveys_enabled: 0,
    scheduling_enabled: 0,
    record_autonumbering_enabled: flag(project.definition.autonumbering),
    randomization_enabled: 0,
    ddp_enabled: 0,
    project_irb_number: '',
    project_grant_number: '',
    project_pi_firstname: '',
    project_pi_lastname: '',
    project_pi_email: '',
    display_today_now_button: 1,
    missing_data_codes: '',
    external_modules: '',
    bypass_branching_erase_field_prompt: 0,
  };
  for (const [name, value] of Object.entries(project.definition.overrides)) {
    if (Object.hasOwn(values, name)) values[name] = value;
  }
  return values;
}

/** `content=project`: one object in JSON, one row in the other formats. */
export function exportProject({parameters, project}: Context): Answer {
  const {format} = parameters;
  const values = projectInfo(project);
  if (format === 'json') return ok(format, JSON.stringify(values));
  const columns = Object.keys(values);
  return ok(format, writeTable(format, {columns}, [columns.map(column => String(values[column]))]));
}

/** `content=user`: the sandbox has one user. */
export function exportUsers({parameters, project}: Context): Answer {
  const {format} = parameters;
  const {rights} = project.definition;
  const user: Record<string, string | number> = {
    username: 'sandbox_user',
    email: 'sandbox_user@example.org',
    firstname: 'Sandbox',
    lastname: 'User',
    expiration: '',
    data_access_group: '',
    data_access_group_id: '',
    design: 1,
    alerts: 0,
    user_rights: 1,
    data_access_groups: 1,
    reports: 1,
    stats_and_charts: 1,
    manage_survey_participants: 0,
    calendar: 0,
    data_import_tool: 1,
    data_comparison_tool: 0,
    logging: flag(rights.logging),
    file_repository: 0,
    data_quality_create: 0,
    data_quality_execute: 0,
    api_export: flag(rights.api_export),
    api_import: flag(rights.api_import),
    mobile_app: 0,
    mobile_app_download_data: 0,
    record_create: 1,
    record_rename: 1,
    record_delete: flag(rights.record_delete),
    lock_records_all_forms: 0,
    lock_records: 0,
    lock_records_customization: 0,
  };
  const {forms} = project.dictionary;
  if (format === 'json') {
    const perForm = Object.fromEntries(forms.map(form => [form, 1]));
    return ok(format, JSON.stringify([{...user, forms: perForm, forms_export: perForm}]));
  }
  const perForm = forms.map(form => `${form}:1`).join(',');
  const columns = [...Object.keys(user), 'forms', 'forms_export'];
  const cells = [...Object.values(user).map(String), perForm, perForm];
  return ok(format, writeTable(format, {columns}, [cells]));
}
