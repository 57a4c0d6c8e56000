import type {DatabaseSync} from 'node:sqlite';
import {localTime} from '../clock.ts';
import {transaction} from '../store/database.ts';
import {insertProject} from '../store/projects.ts';
import {RecordStore} from '../store/records.ts';
import {nextNumber, seedOf} from '../store/settings.ts';
import {defineProject} from './define.ts';
import {LoadError} from './loadError.ts';
import {parseProjectFile} from './loadFormat.ts';
import {buildProject} from './project.ts';
import {readData, storeData} from './restore.ts';

/** First event and group ids: anything but the numbers of other things. */
const FIRST_NUMBER = {event_id: 4001, group_id: 701};

export interface LoadedProject {
  name: string;
  token: string;
  /** Top-level keys of the file that mean nothing here. */
  ignored: string[];
}

/**
 * Adds a new project from the JSON of a project file, all or nothing.
 * @param source name of the file, for messages
 * @throws LoadError with every problem
 */
export function loadProject(database: DatabaseSync, value: unknown, source: string): LoadedProject {
  return transaction(database, () => addProject(database, value, source));
}

/**
 * The same inside a transaction of the caller.
 * @throws LoadError
 */
export function addProject(database: DatabaseSync, value: unknown, source: string): LoadedProject {
  const parsed = parseProjectFile(value);
  if ('problems' in parsed) throw new LoadError(source, parsed.problems);
  const {file, ignored} = parsed;
  const time = localTime();
  const definition = defineProject(file, counter => nextNumber(database, counter, FIRST_NUMBER[counter]));
  const {id, token} = insertProject(database, seedOf(database), {name: file.name, created: time, definition});
  const project = buildProject({id, name: file.name, token, created: time}, definition);
  const {rows, problems} = readData(project, file.data);
  if (problems.length > 0) throw new LoadError(source, problems);
  storeData(database, new RecordStore(database), project, rows, time);
  return {name: file.name, token, ignored};
}
