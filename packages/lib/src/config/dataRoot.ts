import {ConfigError} from './configError.ts';
import type {Config} from './derived.ts';
import type {ConfigUse} from './load.ts';

/** How files of a data root are named. */
export interface RootName {
  /** `''` for the default project. */
  project: string;
  /** `ABCD` for the default project: the suffix of some log and lock files. */
  nameOrAbcd: string;
}

/** One data root: where a receiver writes, and how it and its endpoint are reached. */
export interface DataRoot extends RootName {
  dataDir: string;
  ip: string | undefined;
  port: number | undefined;
  aeTitle: string;
  serverUser: string | undefined;
  daicServer: string | undefined;
  daicRemoteDir: string | undefined;
  pfileDir: string | undefined;
}

/**
 * The name of a data root, whether or not the configuration knows it.
 * @throws ConfigError when no project can have that name
 */
export function rootName(project: string): RootName {
  const name = canonicalProject(project);
  return {project: name, nameOrAbcd: name === '' ? 'ABCD' : name};
}

/**
 * The data root of a project (`''` and `ABCD` = the default project). Folder and port are its own, the rest falls back to
 * the top level.
 * @throws ConfigError for an impossible or unknown project, or one without DATADIR
 */
export function dataRoot(config: Config, project: string): DataRoot {
  const name = canonicalProject(project);
  if (name === '') {
    return {
      project: '',
      nameOrAbcd: 'ABCD',
      dataDir: config.DATADIR,
      ip: config.DICOMIP,
      port: config.DICOMPORT,
      aeTitle: config.DICOMAETITLE,
      serverUser: config.SERVERUSER,
      daicServer: config.DAICSERVER,
      daicRemoteDir: config.DAICREMOTEDIR,
      pfileDir: config.PFILEDIR,
    };
  }
  const site = Object.hasOwn(config.SITES, name) ? config.SITES[name] : undefined;
  if (!site) throw new ConfigError(unknownProject(name, Object.keys(config.SITES)));
  if (site.DATADIR === undefined) {
    throw new ConfigError(`SITES.${name}.DATADIR: found nothing, expected an absolute path`);
  }
  return {
    project: name,
    nameOrAbcd: name,
    dataDir: site.DATADIR,
    ip: site.DICOMIP ?? config.DICOMIP,
    port: site.DICOMPORT,
    aeTitle: site.DICOMAETITLE ?? config.DICOMAETITLE,
    serverUser: site.SERVERUSER ?? config.SERVERUSER,
    daicServer: site.DAICSERVER ?? config.DAICSERVER,
    daicRemoteDir: site.DAICREMOTEDIR ?? config.DAICREMOTEDIR,
    pfileDir: site.PFILEDIR ?? config.PFILEDIR,
  };
}

/** All data roots, the default one first. */
export function dataRoots(config: Config): DataRoot[] {
  const named = Object.entries(config.SITES).filter(([, site]) => site.DATADIR !== undefined);
  return ['', ...named.map(([name]) => name)].map(name => dataRoot(config, name));
}

/**
 * `''` for the default project, also spelled `ABCD`, else the name.
 * @throws ConfigError when no project can have that name
 */
export function canonicalProject(project: string): string {
  if (project === '' || project === 'ABCD') return '';
  if (/^[A-Za-z0-9_-]{1,32}$/.test(project)) return project;
  throw new ConfigError(`project ${JSON.stringify(project.slice(0, 40))}: expected 1-32 letters, digits, _ or -`);
}

type RootKey =
  | 'DATADIR'
  | 'DICOMPORT'
  | 'DICOMIP'
  | 'DICOMAETITLE'
  | 'SERVERUSER'
  | 'DAICSERVER'
  | 'DAICREMOTEDIR'
  | 'PFILEDIR';

/**
 * The part of a {@link ConfigUse} that belongs to one data root.
 * @param keys what the tool reads of it
 * @param required what must have a value (a named root's DATADIR always must)
 * @throws ConfigError when no project can have that name
 */
export function dataRootUse(
  project: string,
  keys: readonly RootKey[],
  required: readonly RootKey[] = [],
): Required<Pick<ConfigUse, 'keys' | 'required'>> {
  const name = canonicalProject(project);
  if (name === '') return {keys, required};
  const own = (key: RootKey) => `SITES.${name}.${key}`;
  const isOwn = (key: RootKey) => key === 'DATADIR' || key === 'DICOMPORT';
  return {
    keys: [...keys.map(own), ...keys.filter(key => !isOwn(key))],
    required: [...new Set([own('DATADIR'), ...required.map(key => (isOwn(key) ? own(key) : `${own(key)}|${key}`))])],
  };
}

function unknownProject(name: string, known: readonly string[]): string {
  const list = known.length === 0 ? 'SITES is empty' : `SITES has ${known.join(', ')}`;
  return `project ${name} is unknown (${list}), expected a key of SITES`;
}
