import {block, key, keyWithDefault, named, section} from '../key.ts';
import {absolutePath, aeTitle, bytes, dataFolder, fileMode, host, port, text, zoneName} from '../value.ts';

/** Keys that a further data root takes from the top level when it has none of its own. */
function rootKeys(fallback: (ofDefaultRoot: string) => string) {
  return {
    DICOMIP: key(host, 'address under which the own receiver is reached', 'HB S2 CP', fallback('required')),
    SERVERUSER: key(text, 'login at the endpoint of sendFiles', 'SF', fallback('required')),
    DAICSERVER: key(host, 'endpoint of sendFiles', 'SF', fallback('required')),
    DAICREMOTEDIR: key(text, 'remote folder at that endpoint', 'SF', fallback('login folder')),
    PFILEDIR: key(
      absolutePath,
      'packed data ready to send (read for compatibility, unused unless `ARRIVAL.pack`)',
      'DA',
      fallback('–'),
    ),
  };
}

/** Keys at the top level, as existing installations have them. */
export const flatKeys = {
  DATADIR: keyWithDefault(
    dataFolder,
    '/data',
    'data root of the default project; `site/`, `outbox/`, `DAIC/`, `quarantine/`, `config/enabled` hang below',
    'all but the catalogue',
  ),
  ...rootKeys(ofDefaultRoot => ofDefaultRoot),
  DICOMPORT: key(port, 'port of the own receiver', 'RX HB S2 CP', 'required'),
  DICOMAETITLE: keyWithDefault(aeTitle, 'FIONA', 'own AE title in associations we accept', 'RX'),
  PROCESSING_USER: keyWithDefault(text, 'processing', 'Unix account the tools must run as', 'RX HB PF SF CZ RJ PT'),
  LOCALTIMEZONE: key(zoneName, 'default of `REDCAP.timeZone`', 'RC', 'zone of the host'),
};

/** Further data roots by project; keys not given there are taken from the top level, except folder and port. */
export const sites = named(
  block({
    DATADIR: key(dataFolder, 'data root of this project', 'all but the catalogue', 'required'),
    ...rootKeys(() => 'that of the top level'),
    DICOMPORT: key(port, 'port of the receiver of this data root', 'RX HB S2 CP', 'required for its receiver'),
    DICOMAETITLE: key(aeTitle, 'own AE title in associations we accept', 'RX', 'that of the top level'),
  }),
  'further data roots; the name is 1-32 letters, digits, `_` or `-`, not `ABCD`',
  'all but the catalogue',
);

/** `PATHS`: folders and files of the installation. */
export const pathsSection = section({
  serverDir: key(
    absolutePath,
    'server folder: `bin/`, `logs/`, `.pids/`',
    'RX HB PF DA SF S2',
    'server tools: parent of their own folder; all others `/var/www/html/server`',
  ),
  pidDir: keyWithDefault(absolutePath, '/home/processing/.pids', 'locks of the other tools', 'all others'),
  logDir: keyWithDefault(
    absolutePath,
    '/home/processing/logs',
    'logs and audit files that tools open themselves; logs of hooks must lie below',
    'DA AS CR CZ',
  ),
  stateDir: keyWithDefault(
    absolutePath,
    '/home/processing/.state',
    'accelerators, set-aside notes, REDCap cache and throttle, mail spool; mode 0700',
    'all',
  ),
  classifyRules: key(absolutePath, 'classification rules', 'PF AS', '`<serverDir>/bin/classifyRules.json`'),
  modes: section({
    folders: keyWithDefault(
      fileMode,
      0o777,
      'mode of folders below `site/`; recommended `02770`',
      'RX PF DA RO',
      '`"0777"`',
    ),
    leafFolders: keyWithDefault(
      fileMode,
      0o1777,
      'mode of study and series folders; recommended `02770`',
      'RX PF DA RO',
      '`"01777"`',
    ),
    files: keyWithDefault(
      fileMode,
      0o666,
      'mode of files below `site/` and of `incoming.txt`; recommended `0660`',
      'RX PF DA RO',
      '`"0666"`',
    ),
    group: key(text, 'group of folders and files below `site/`; recommended `www-data`', 'RX PF DA RO', 'unchanged'),
  }),
  transferRequests: keyWithDefault(
    absolutePath,
    '/home/processing/transfer_requests',
    'waiting requests',
    'CT AS RS CO',
  ),
  transfersDone: keyWithDefault(absolutePath, '/home/processing/transfers_done', 'requests carried out', 'AS'),
  transfersFail: keyWithDefault(absolutePath, '/home/processing/transfers_fail', 'requests that failed for good', 'AS'),
  quarantine: keyWithDefault(
    absolutePath,
    '/home/processing/quarantine',
    'reason files of quarantined instances',
    'AS',
  ),
  spool: keyWithDefault(
    absolutePath,
    '/home/processing/spool',
    'de-identified data before sending; emptied at start, mode 0700',
    'AS CP',
  ),
  spoolMinFreeBytes: keyWithDefault(bytes, 1_073_741_824, 'stays free on the disk of the spool', 'AS CP'),
  imagingProjects: keyWithDefault(
    absolutePath,
    '/home/processing/bin/imagingProjects.json',
    'projects with an imaging form',
    'PP',
  ),
});
