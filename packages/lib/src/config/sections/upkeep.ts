import {block, key, keyWithDefault, rows, section} from '../key.ts';
import {
  absolutePath,
  bytes,
  count,
  countFromOne,
  days,
  host,
  hours,
  mailAddress,
  minutes,
  percent,
  port,
  seconds,
  singleChoice,
  text,
  value,
  yesOrNo,
} from '../value.ts';

/** `CLEANUP`: making room and removing dangling links. */
export const cleanupSection = section({
  archive: section({
    maxUsedPercent: keyWithDefault(percent, 80, 'stop deleting when the partition is at most this full', 'CO'),
    minFreeBytes: keyWithDefault(bytes, 0, 'also delete until this much is free; 0 = off', 'CO'),
    minAgeHours: keyWithDefault(hours, 24, 'a younger study is never deleted', 'CO'),
    keepInUseDays: keyWithDefault(days, 30, 'a request protects a study at most that long', 'CO'),
    maxDeletePerRun: keyWithDefault(count, 0, 'studies; 0 = no limit', 'CO'),
    emergencyUsedPercent: keyWithDefault(percent, 95, 'above this, studies with requests may go too', 'CO'),
  }),
  workDirs: keyWithDefault(
    rows(
      block({
        dir: key(absolutePath, 'scratch folder', 'CO', 'required'),
        maxAgeMinutes: keyWithDefault(minutes, 300, 'age of what is removed', 'CO'),
      }),
    ),
    [{dir: '/tmp/site/proc', maxAgeMinutes: 300}],
    'scratch folders emptied by age',
    'CO',
  ),
  links: section({
    minAgeMinutes: keyWithDefault(minutes, 60, 'younger links, folders, JSON are left alone', 'SL'),
    maxStalePercent: keyWithDefault(percent, 50, 'more stale links: delete nothing', 'SL'),
    minArchiveStudies: keyWithDefault(count, 1, 'fewer archive folders: delete nothing', 'SL'),
  }),
});

/** `IDS7`: the catalogue of the research PACS. */
export const ids7Section = section({
  workDir: keyWithDefault(absolutePath, '/tmp', 'parent of `allPatients*`, `pullStudies*`', 'GP PQ WI WN CR'),
  daysBack: keyWithDefault(days, 7000, 'window before today', 'GP'),
  daysAhead: keyWithDefault(days, 100, 'window after today', 'GP'),
  idSplit: keyWithDefault(text, '0-9A-Za-z^_. -', 'characters tried when splitting by PatientID; `x-y` = range', 'GP'),
  trustBelow: keyWithDefault(count, 50, 'smaller answers count as uncapped', 'GP PQ'),
  snapshotMaxAgeHours: keyWithDefault(hours, 24, 'age of the evidence', 'WN'),
  confirmDelaySeconds: keyWithDefault(seconds, 60, 'pause before the second look', 'WN'),
  importChunk: keyWithDefault(countFromOne, 100, 'records of one import', 'WI WN'),
  deleteChunk: keyWithDefault(countFromOne, 200, 'records of one deletion', 'WI WN'),
  refreshStampDays: keyWithDefault(days, 7, 'renew the stamp of unchanged records', 'WI'),
  maxDeleteRecords: keyWithDefault(count, 200, 'larger removals need `--allow-large`', 'WN'),
  maxDeletePercent: keyWithDefault(percent, 2, 'larger removals need `--allow-large`', 'WN'),
  undoDir: keyWithDefault(absolutePath, '/home/processing/undo/whatIsNotInIDS7', 'undo files', 'WN'),
});

/** `USER_EVENTS`: triggers and actions of users. */
export const userEventsSection = section({
  dir: keyWithDefault(
    absolutePath,
    '/var/www/html/applications/User/asttt/code',
    '`links.json`, `events/`, `actions/`',
    'CR',
  ),
  stateDir: key(absolutePath, 'link states and mail spool', 'CR', '`<PATHS.stateDir>/cron`'),
  triggerTimeoutSeconds: keyWithDefault(seconds, 300, 'limit of a trigger', 'CR'),
  actionTimeoutSeconds: keyWithDefault(seconds, 1800, 'limit of an action', 'CR'),
  dedupHours: keyWithDefault(hours, 24, 'the same mail again after', 'CR'),
  minIntervalMinutes: keyWithDefault(minutes, 0, 'a link fires again after', 'CR'),
});

/** `MAIL`: the SMTP server. */
export const mailSection = section({
  host: key(host, 'SMTP server; no host = no mail', 'CR CZ'),
  port: keyWithDefault(port, 587, 'its port', 'CR CZ'),
  security: keyWithDefault(
    singleChoice('starttls', 'tls', 'none'),
    'starttls',
    '`none` is refused with credentials',
    'CR CZ',
  ),
  caFile: key(absolutePath, 'private CA (PEM)', 'CR CZ', 'those of the system'),
  verify: keyWithDefault(yesOrNo, true, '`false` warns on every run', 'CR CZ'),
  credentialFile: key(absolutePath, '`{"user","password"}` (secret file)', 'CR CZ'),
  from: key(mailAddress, 'sender and Reply-To', 'CR CZ', 'required with `host`'),
  addressBook: key(absolutePath, 'account -> address', 'CR'),
  defaultDomain: key(
    value('a domain name', found =>
      typeof found === 'string' && /^[A-Za-z0-9.-]{1,253}$/.test(found) ? found : undefined,
    ),
    'domain of accounts without address',
    'CR',
  ),
  timeoutSeconds: keyWithDefault(seconds, 60, 'limit of one delivery', 'CR CZ'),
});
