import type {DatabaseSync} from 'node:sqlite';
import type {Parameters} from '../http/parameters.ts';
import type {Project} from '../project/project.ts';
import type {ProjectCache} from '../store/projects.ts';
import type {RecordStore} from '../store/records.ts';

/** What every API call gets: the database, the project of the token, the parameters, and the time of the request. */
export interface Context {
  database: DatabaseSync;
  records: RecordStore;
  projects: ProjectCache;
  project: Project;
  parameters: Parameters;
  /** Local time of the request, `YYYY-MM-DD HH:MM:SS`. */
  time: string;
  /** Opens another connection, for exports that read for longer than one turn. */
  openSnapshot(): DatabaseSync;
}
