import {transaction} from '../store/database.ts';
import {writeLog} from '../store/log.ts';
import {isRecordName, nameKey} from '../store/recordName.ts';
import {type Answer, ApiError, plain} from './answer.ts';
import type {Context} from './context.ts';

/** `content=record&action=rename`: gives a record another name; answers `1`. @throws ApiError 400 */
export function renameRecord({database, parameters, project, records, time}: Context): Answer {
  const oldName = parameters.text('record').trim();
  const newName = parameters.text('new_record_name').trim();
  if (!isRecordName(newName)) throw new ApiError(400, `The record name ${newName} is not valid`);
  transaction(database, () => {
    const record = records.find(project, oldName);
    if (record === undefined) throw new ApiError(400, `The record ${oldName} does not exist`);
    const sameName = nameKey(oldName) === nameKey(newName);
    if (!sameName && records.find(project, newName) !== undefined) {
      throw new ApiError(400, `The record name ${newName} already exists`);
    }
    records.rename(record.id, newName, time);
    writeLog(database, project.id, time, {
      class: 'record_edit',
      action: `Update record (API) ${newName}`,
      details: `${project.dictionary.recordId} = '${newName}'`,
      record: newName,
    });
  });
  return plain('1');
}
