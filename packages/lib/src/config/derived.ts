import {readlinkSync, realpathSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {ParsedConfig} from './schema.ts';
import {isZone} from './value.ts';

/** The configuration as tools see it: every default filled in, also those that depend on other keys. */
export type Config = ReturnType<typeof withDerivedDefaults>;

/** @param serverTool true for tools installed below the server folder, whose parent folder is then the default */
export function withDerivedDefaults(parsed: ParsedConfig, serverTool: boolean) {
  const serverDir = parsed.PATHS.serverDir ?? (serverTool ? parentOfOwnFolder() : '/var/www/html/server');
  return {
    ...parsed,
    ANONYMIZER: {
      ...parsed.ANONYMIZER,
      /** Research projects whose own keys are wrong, and what is: nothing may be done for them, least of all with the keys of the others. */
      refusedProjects: {} as Readonly<Record<string, string>>,
    },
    PATHS: {
      ...parsed.PATHS,
      serverDir,
      classifyRules: parsed.PATHS.classifyRules ?? join(serverDir, 'bin', 'classifyRules.json'),
    },
    REDCAP: {...parsed.REDCAP, timeZone: parsed.REDCAP.timeZone ?? parsed.LOCALTIMEZONE ?? hostZone()},
    RESEARCH_PACS: {
      ...parsed.RESEARCH_PACS,
      storage: {...parsed.RESEARCH_PACS.storage, host: parsed.RESEARCH_PACS.storage.host ?? parsed.RESEARCH_PACS.host},
    },
    WORKFLOWS: {...parsed.WORKFLOWS, dataRoots: parsed.WORKFLOWS.dataRoots ?? [parsed.WORKFLOWS.storage]},
    USER_EVENTS: {
      ...parsed.USER_EVENTS,
      stateDir: parsed.USER_EVENTS.stateDir ?? join(parsed.PATHS.stateDir, 'cron'),
    },
  };
}

/** Zone of the host: asking Intl would cost each run 10 ms, so the usual places come first. */
function hostZone(): string {
  const fromEnvironment = process.env.TZ;
  if (fromEnvironment !== undefined && isZone(fromEnvironment)) return fromEnvironment;
  if (fromEnvironment === undefined) {
    const zone = zoneOfLink('/etc/localtime');
    if (zone !== undefined && isZone(zone)) return zone;
  }
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function zoneOfLink(link: string): string | undefined {
  try {
    return /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(readlinkSync(link))?.[1];
  } catch {
    return undefined;
  }
}

/** `/var/www/html/server` for `/var/www/html/server/bin/storectl`, links resolved. */
function parentOfOwnFolder(): string {
  try {
    return dirname(dirname(realpathSync(process.argv[1] ?? '')));
  } catch {
    return '/var/www/html/server';
  }
}
