import {userInfo} from 'node:os';
import {join} from 'node:path';

export interface SiteFacts {
  dir: string;
  ports: {redcap: number; pacs: number; receiver: number};
  /** Certificate of the API's authority; undefined = plain HTTP. */
  caFile: string | undefined;
  gatewayProjects: string[];
}

const HOST = '127.0.0.1';

/**
 * A complete config.json for all tools: every folder below the sandbox folder, this sandbox's REDCap and PACS.
 * @returns the configuration, and the folders it names with their modes
 */
export function siteConfig({dir, ports, caFile, gatewayProjects}: SiteFacts): {
  config: Record<string, unknown>;
  folders: [path: string, mode: number][];
} {
  const folders: [string, number][] = [];
  const folder = (name: string, mode = 0o750): string => {
    const path = join(dir, name);
    folders.push([path, mode]);
    return path;
  };
  const account = userInfo().username;
  const server = folder('server');
  folder('server/bin');
  const applications = folder('applications');
  const config = {
    DATADIR: folder('data'),
    DICOMIP: HOST,
    DICOMPORT: ports.receiver,
    DICOMAETITLE: 'FIONA',
    PROCESSING_USER: account,
    SERVERUSER: account,
    DAICSERVER: HOST,
    PATHS: {
      serverDir: server,
      pidDir: folder('pids'),
      logDir: folder('logs'),
      stateDir: folder('state', 0o700),
      classifyRules: join(server, 'bin', 'classifyRules.json'),
      modes: {folders: '0770', leafFolders: '0770', files: '0660'},
      transferRequests: folder('transfer_requests'),
      transfersDone: folder('transfers_done'),
      transfersFail: folder('transfers_fail'),
      quarantine: folder('quarantine'),
      spool: folder('spool', 0o700),
      spoolMinFreeBytes: 64 * 1024 * 1024,
      imagingProjects: join(dir, 'imagingProjects.json'),
    },
    RECEIVER: {listenAddress: HOST},
    ARRIVAL: {
      seriesQuietSeconds: 20,
      studyQuietSeconds: 60,
      streamsFile: join(folder('applications/Workflows'), 'config.json'),
    },
    ASSIGN: {incomingFile: join(folder('applications/Assign'), 'incoming.txt')},
    PIPELINE: {youngSeconds: 60, quietSeconds: 60},
    REDCAP: {
      url: `${caFile === undefined ? 'http' : 'https'}://${HOST}:${ports.redcap}/api/`,
      ...(caFile !== undefined && {caFile}),
      projects: Object.fromEntries(gatewayProjects.map(name => [name, {tokenFile: join(dir, 'tokens', name)}])),
    },
    RESEARCH_PACS: {
      host: HOST,
      port: ports.pacs,
      aeTitle: 'DICOM_QR_SCP',
      callingAeTitle: 'FIONA',
      storage: {host: HOST, port: ports.pacs, aeTitle: 'DICOM_STORAGE', callingAeTitle: 'FIONA'},
    },
    CLEANUP: {workDirs: [{dir: folder('proc'), maxAgeMinutes: 300}]},
    EXPORTS: {
      jobFile: join(folder('applications/Exports'), 'prepared_downloads_list.jobs'),
      workDir: folder('export'),
      filesDir: folder('export/files'),
      measurementsFile: join(applications, 'Exports', 'execMeasurements.json'),
      tokenFile: join(dir, 'tokens', 'exports.json'),
      retrieve: {mode: 'get'},
      minFreeBytes: 64 * 1024 * 1024,
    },
    WORKFLOWS: {
      jobFile: join(applications, 'Workflows', 'workflow_joblist.jobs'),
      storage: folder('workflows'),
      ror: join(applications, 'Workflows', 'ror'),
    },
    WSI: {appDir: folder('applications/Attach'), cacheDir: folder('project_cache')},
    IDS7: {workDir: folder('catalogue'), undoDir: folder('undo')},
    USER_EVENTS: {dir: folder('applications/User')},
  };
  return {config, folders};
}
