import {mkdirSync} from 'node:fs';
import {join, resolve} from 'node:path';
import type {DatabaseSync} from 'node:sqlite';
import {writeFileAtomic} from '@fiona/lib/fs/atomic';
import {localTime} from '../clock.ts';
import {openFolder} from '../commands/open.ts';
import {addProject} from '../project/load.ts';
import {transaction} from '../store/database.ts';
import {listProjects, ProjectCache} from '../store/projects.ts';
import {RecordStore} from '../store/records.ts';
import {readSetting, seedOf, writeSetting} from '../store/settings.ts';
import {serverIdentity} from '../tls/certificates.ts';
import {siteConfig} from './config.ts';
import {keptPort} from './ports.ts';
import {EXAMPLE_PROJECTS, GATEWAY_PROJECTS} from './projects.ts';

const HOST = '127.0.0.1';

export interface SiteOptions {
  dir: string;
  seed?: string | undefined;
  /** The API will be served without TLS. */
  plainHttp?: boolean | undefined;
}

/**
 * `sandbox site`: the gateway's REDCap projects with their tokens, and a config.json for all tools on stdout. A second
 * call prints the same and loads nothing.
 * @throws FionaError when the folder cannot be written
 */
export async function site(options: SiteOptions): Promise<void> {
  const dir = resolve(options.dir);
  const database = openFolder(dir);
  if (options.seed !== undefined) seedOf(database, options.seed);
  loadOnce(database);
  const tokens = join(dir, 'tokens');
  mkdirSync(tokens, {recursive: true, mode: 0o700});
  for (const {name, token} of siteProjects(database)) {
    await writeFileAtomic(join(tokens, name), `${token}\n`, {mode: 0o600});
  }
  const examples = siteProjects(database).filter(({name}) => EXAMPLE_PROJECTS.some(project => project.name === name));
  const exportTokens = Object.fromEntries(examples.map(({name, token}) => [name, token]));
  await writeFileAtomic(join(tokens, 'exports.json'), `${JSON.stringify(exportTokens, null, 2)}\n`, {mode: 0o600});
  const ports = {
    redcap: await keptPort(database, 'redcap', HOST),
    pacs: await keptPort(database, 'pacs', HOST),
    receiver: await keptPort(database, 'receiver', HOST),
  };
  if (options.plainHttp) writeSetting(database, 'plainHttp', '1');
  const plainHttp = readSetting(database, 'plainHttp') === '1';
  const caFile = plainHttp ? undefined : (await serverIdentity(dir, HOST)).caFile;
  database.close();
  const {config, folders} = siteConfig({dir, ports, caFile, gatewayProjects: GATEWAY_PROJECTS.map(({name}) => name)});
  for (const [path, mode] of folders) mkdirSync(path, {recursive: true, mode});
  process.stdout.write(`${JSON.stringify(config, null, 2)}\n`);
}

/** Loads all projects and registers the examples as research projects: all of it once, or nothing. */
function loadOnce(database: DatabaseSync): void {
  if (readSetting(database, 'site') !== undefined) return;
  transaction(database, () => {
    const loaded = [...GATEWAY_PROJECTS, ...EXAMPLE_PROJECTS].map(project =>
      addProject(database, project, project.name),
    );
    const registry = loaded.find(({name}) => name === 'DataTransferProjects');
    const examples = loaded.slice(GATEWAY_PROJECTS.length);
    if (registry !== undefined) registerProjects(database, registry.token, examples);
    writeSetting(database, 'site', JSON.stringify(loaded.map(({token}) => token)));
  });
}

function siteProjects(database: DatabaseSync): {name: string; token: string}[] {
  const tokens = JSON.parse(readSetting(database, 'site') ?? '[]') as string[];
  return listProjects(database).filter(({token}) => tokens.includes(token));
}

/** One active record of DataTransferProjects per research project. */
function registerProjects(
  database: DatabaseSync,
  registryToken: string,
  examples: {name: string; token: string}[],
): void {
  const registry = new ProjectCache(database).byToken(registryToken);
  if (registry === undefined) return;
  const records = new RecordStore(database);
  const time = localTime();
  for (const {name, token} of examples) {
    const {id} = records.create(registry, name, time);
    const values = {project_name: name, project_token: token, project_active: '1', projects_complete: '2'};
    records.writeRow(id, {event: '', instrument: '', instance: 0}, values);
  }
}
