import {checkMetadata} from '../project/checkMetadata.ts';
import {METADATA_COLUMNS, type MetadataRow} from '../project/dictionary.ts';
import type {ProjectDefinition, RepeatDefinition} from '../project/project.ts';
import {transaction} from '../store/database.ts';
import {writeLog} from '../store/log.ts';
import {updateDefinition} from '../store/projects.ts';
import {type Answer, ApiError, ok} from './answer.ts';
import type {Context} from './context.ts';
import {decodeData, type SentRow} from './importDecode.ts';
import {countText} from './importRecords.ts';

/**
 * `content=metadata` with data: replaces the dictionary; answers the number of fields. Values of removed fields stay
 * stored and come back when the field does.
 * @throws ApiError 400 that names every problem
 */
export function importMetadata(context: Context): Answer {
  const {parameters, project} = context;
  const rows = decodeData(parameters, parameters.format);
  const metadata = rows.map(toMetadataRow);
  const problems = metadata.length === 0 ? ['The data dictionary is empty'] : checkMetadata(metadata);
  if (problems.length > 0) throw new ApiError(400, problems.join('\n'));
  const forms = new Set(metadata.map(row => row.form_name));
  const {definition} = project;
  store(context, {
    ...definition,
    metadata,
    repeating: definition.repeating.filter(entry => entry.form_name === '' || forms.has(entry.form_name)),
  });
  return ok(parameters.returnFormat, countText(parameters.returnFormat, metadata.length));
}

function toMetadataRow(row: SentRow): MetadataRow {
  return Object.fromEntries(METADATA_COLUMNS.map(column => [column, row.get(column) ?? ''])) as MetadataRow;
}

/** `content=repeatingFormsEvents` with data: replaces them; answers the count. @throws ApiError 400 */
export function importRepeating(context: Context): Answer {
  const {parameters, project} = context;
  const rows = decodeData(parameters, parameters.format);
  const repeating = rows.map(row => ({
    event_name: project.longitudinal ? (row.get('event_name') ?? '') : '',
    form_name: row.get('form_name') ?? '',
    custom_form_label: row.get('custom_form_label') ?? '',
  }));
  const problems = repeating.flatMap(entry => repeatProblems(context, entry));
  if (problems.length > 0) throw new ApiError(400, problems.join('\n'));
  store(context, {...project.definition, repeating});
  return ok(parameters.returnFormat, countText(parameters.returnFormat, repeating.length));
}

function repeatProblems({project}: Context, entry: RepeatDefinition): string[] {
  const problems: string[] = [];
  if (project.longitudinal && !project.events.has(entry.event_name)) {
    problems.push(`The following values of event_name are invalid: ${entry.event_name}`);
  }
  if (entry.form_name === '' ? !project.longitudinal : !project.dictionary.forms.includes(entry.form_name)) {
    problems.push(`The following values of form_name are invalid: ${entry.form_name}`);
  }
  return problems;
}

function store({database, project, projects, time}: Context, definition: ProjectDefinition): void {
  transaction(database, () => {
    updateDefinition(database, project.id, definition);
    const action = 'Manage/Design';
    writeLog(database, project.id, time, {
      class: 'manage',
      action,
      details: 'Import Data Dictionary (API)',
      record: '',
    });
  });
  projects.forget();
}
