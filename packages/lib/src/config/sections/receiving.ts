import {key, keyWithDefault, section} from '../key.ts';
import {
  absolutePath,
  bytes,
  count,
  countFromOne,
  days,
  host,
  minutes,
  seconds,
  texts,
  wholeNumber,
  yesOrNo,
} from '../value.ts';
import {listenerTls} from './tls.ts';

/** `RECEIVER`: the C-STORE provider and the logs of the daemons. */
export const receiverSection = section({
  listenAddress: key(host, 'where the receiver listens (port: `DICOMPORT`)', 'RX', 'all interfaces'),
  idleSeconds: keyWithDefault(wholeNumber(1, 'seconds'), 15, 'an idle association is closed', 'RX'),
  tls: keyWithDefault(
    listenerTls,
    false,
    'additional TLS listener: TLS block and `port`; `certFile`, `keyFile`, `port` required',
    'RX',
  ),
  journalSegmentBytes: keyWithDefault(bytes, 67_108_864, 'size of a segment of the arrival journal', 'RX'),
  journalKeepDays: keyWithDefault(days, 8, 'handled segments of the journal are kept that long', 'PF'),
  logMaxBytes: keyWithDefault(bytes, 52_428_800, "size at which the daemons' own logs are rotated", 'RX PF HB'),
  logKeep: keyWithDefault(count, 5, 'rotated logs that are kept', 'RX PF HB'),
});

/** `HEARTBEAT`: the watchdog of the receiver. */
export const heartbeatSection = section({
  recentSeconds: keyWithDefault(seconds, 16, 'activity younger than this = alive, no echo', 'HB'),
  echoTimeoutSeconds: keyWithDefault(wholeNumber(1, 'seconds'), 20, 'limit of one C-ECHO', 'HB'),
  retryAfterSeconds: keyWithDefault(seconds, 5, 'pause before the second C-ECHO', 'HB'),
  maxArrivalSeconds: keyWithDefault(
    seconds,
    3600,
    'an older detectStudyArrival is ended; more than `ARRIVAL.runLimitSeconds`',
    'HB',
  ),
});

/** `INDEX`: the index daemon. */
export const indexSection = section({
  allowOutside: keyWithDefault(yesOrNo, false, 'pipe messages may name files outside DATADIR', 'PF'),
  criticalTypes: keyWithDefault(texts, ['CHECKBURNEDINFO'], 'a broken rule of such a type prevents the start', 'PF'),
  reconcileMinutes: keyWithDefault(countFromOne, 60, 'minutes between two looks for unannounced files', 'PF'),
  reconcileDays: keyWithDefault(days, 7, 'age of archive folders that are looked at', 'PF'),
});

/** `ARRIVAL`: detectStudyArrival. */
export const arrivalSection = section({
  seriesQuietSeconds: keyWithDefault(
    wholeNumber(17, 'seconds'),
    20,
    'quiet time of a series, longer than an idle association lives',
    'DA',
  ),
  studyQuietSeconds: keyWithDefault(seconds, 60, 'quiet time of a study', 'DA'),
  streamsFile: keyWithDefault(
    absolutePath,
    '/var/www/html/applications/Workflows/php/config.json',
    'hooks; a missing file = none',
    'DA',
  ),
  hookTimeoutSeconds: keyWithDefault(seconds, 1800, 'limit of one hook', 'DA'),
  runLimitSeconds: keyWithDefault(seconds, 3000, 'no new work after', 'DA'),
  pack: keyWithDefault(yesOrNo, false, 'write `quarantine/*.tgz`', 'DA'),
});

/** `ASSIGN`: the list of the Assign page. */
export const assignSection = section({
  incomingFile: keyWithDefault(
    absolutePath,
    '/var/www/html/applications/Assign/incoming.txt',
    'the Assign list',
    'DA RO CR',
  ),
  maxAgeSeconds: keyWithDefault(seconds, 604_800, 'age limit of a line', 'RO'),
  maxLines: keyWithDefault(count, 0, 'most lines, 0 = no limit', 'RO'),
});

/** `OUTBOX`: sendFiles. */
export const outboxSection = section({
  identityFile: key(absolutePath, 'SFTP key (secret file)', 'SF', "the account's `~/.ssh` files"),
  knownHostsFile: key(
    absolutePath,
    'host keys; an unknown host is refused',
    'SF',
    "the account's `~/.ssh/known_hosts`",
  ),
  connectSeconds: keyWithDefault(seconds, 30, 'limit of the connection set-up', 'SF'),
  stallSeconds: keyWithDefault(seconds, 120, 'no byte for that long = failed', 'SF'),
  totalMinutes: keyWithDefault(minutes, 720, 'limit of the whole run', 'SF'),
  settleSeconds: keyWithDefault(seconds, 60, 'an archive must be unchanged that long', 'SF'),
  checksumAfterDays: keyWithDefault(days, 6, 'full days until a checksum is made or repaired', 'SF'),
  shadowAfterDays: keyWithDefault(days, 21, 'full days until a shadow copy is allowed', 'SF'),
});
