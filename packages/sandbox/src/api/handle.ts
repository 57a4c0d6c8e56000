import type {Rights} from '../project/project.ts';
import {writeReadLog} from '../store/log.ts';
import {type Answer, ApiError, invalidParameter} from './answer.ts';
import type {Context} from './context.ts';
import {deleteRecords} from './deleteRecords.ts';
import {exportRecords} from './exportRecords.ts';
import {deleteFile, exportFile, importFile} from './files.ts';
import {importRecords} from './importRecords.ts';
import {importMetadata, importRepeating} from './importStructure.ts';
import {exportProject, exportUsers, exportVersion, nextRecordName} from './info.ts';
import {exportLog} from './log.ts';
import {renameRecord} from './renameRecord.ts';
import {
  exportArms,
  exportEvents,
  exportFieldNames,
  exportGroups,
  exportInstruments,
  exportMapping,
  exportMetadata,
  exportRepeating,
} from './structure.ts';

interface Call {
  right: keyof Rights;
  run(context: Context): Answer;
}

const reading = (run: Call['run']): Call => ({right: 'api_export', run});
const writing = (run: Call['run']): Call => ({right: 'api_import', run});

/** Reads of the project's structure leave a `Manage/Design` entry in the log. */
function structure(details: string, run: Call['run']): Call {
  return reading(context => {
    const answer = run(context);
    const entry = {class: 'manage' as const, action: 'Manage/Design', details: `${details} (API)`, record: ''};
    writeReadLog(context.database, context.project.id, context.time, entry);
    return answer;
  });
}

/** Calls by content and action; '' is the call without `action`, `import` also the one with `data`. */
const CALLS: Record<string, Record<string, Call>> = {
  record: {
    export: reading(exportRecords),
    import: writing(importRecords),
    delete: {right: 'record_delete', run: deleteRecords},
    rename: writing(renameRecord),
  },
  metadata: {export: structure('Download data dictionary', exportMetadata), import: writing(importMetadata)},
  instrument: {export: structure('Export instruments', exportInstruments)},
  event: {export: structure('Export events', exportEvents)},
  arm: {export: structure('Export arms', exportArms)},
  formEventMapping: {export: structure('Export instrument-event mappings', exportMapping)},
  repeatingFormsEvents: {
    export: structure('Export repeating instruments and events', exportRepeating),
    import: writing(importRepeating),
  },
  exportFieldNames: {export: structure('Export field names', exportFieldNames)},
  generateNextRecordName: {export: reading(nextRecordName)},
  project: {export: structure('Export project information', exportProject)},
  version: {export: reading(exportVersion)},
  user: {export: structure('Export users', exportUsers)},
  dag: {export: structure('Export DAGs', exportGroups)},
  log: {export: {right: 'logging', run: context => structure('Export Logging', exportLog).run(context)}},
  file: {export: reading(exportFile), import: writing(importFile), delete: writing(deleteFile)},
};

/** Contents REDCap has and the sandbox has not. */
const NOT_IMPLEMENTED = new Set([
  'report',
  'surveyLink',
  'surveyQueueLink',
  'surveyReturnCode',
  'surveyAccessCode',
  'participantList',
  'userRole',
  'userRoleMapping',
  'userDagMapping',
  'fileRepository',
  'fileinfo',
  'fileSize',
  'project_xml',
  'pdf',
  'projectSettings',
  'project_settings',
  'randomization',
  'appRightsCheck',
  'mycap',
  'tableau',
]);

const NO_RIGHT: Record<keyof Rights, string> = {
  api_export: 'You do not have API Export privileges',
  api_import: 'You do not have API Import/Update privileges',
  record_delete: 'You do not have Delete Record privileges',
  logging: 'You do not have Logging privileges',
};

export const NOT_IMPLEMENTED_TEXT = 'The requested method is not implemented.';

/**
 * Finds and runs the call of a request whose token is known.
 * @throws ApiError as the API refuses it: 400 unknown content, 501 known but not here, 403 no right
 */
export function handleCall(context: Context): Answer {
  const {parameters, project} = context;
  const call = findCall(parameters.text('content'), actionOf(context));
  if (!project.definition.rights[call.right]) throw new ApiError(403, NO_RIGHT[call.right]);
  return call.run(context);
}

/** Whether a request brings data, and so is an import, or which other action it asks for. */
export function actionOf({parameters}: Pick<Context, 'parameters'>): string {
  return parameters.text('action') || (parameters.has('data') ? 'import' : 'export');
}

function findCall(content: string, action: string): Call {
  if (NOT_IMPLEMENTED.has(content)) throw new ApiError(501, NOT_IMPLEMENTED_TEXT);
  const actions = Object.hasOwn(CALLS, content) ? CALLS[content] : undefined;
  if (actions === undefined) throw new ApiError(400, 'The value of the parameter "content" is not valid');
  const known = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (known !== undefined) return known;
  if (['import', 'delete'].includes(action)) throw new ApiError(501, NOT_IMPLEMENTED_TEXT);
  throw invalidParameter('action');
}
