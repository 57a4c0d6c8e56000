import {key, keyWithDefault, section} from '../key.ts';
import {
  absolutePath,
  aeTitles,
  bytes,
  bytesWithin,
  count,
  countFromOne,
  days,
  host,
  minutes,
  networks,
  seconds,
  singleChoice,
  texts,
  wholeNumber,
  yesOrNo,
} from '../value.ts';
import {listenerTls} from './tls.ts';

/** `RECEIVER`: the C-STORE provider and the logs of the daemons. */
export const receiverSection = section({
  listenAddress: key(host, 'where the receiver listens (port: `DICOMPORT`)', 'RX', 'all interfaces'),
  idleSeconds: keyWithDefault(wholeNumber(1, 'seconds'), 15, 'an idle association is closed', 'RX'),
  durability: keyWithDefault(
    singleChoice('fsync', 'none'),
    'fsync',
    'success is answered when the instance and its journal line are on the disk; `none`: when they are written, a power cut may lose them (warns)',
    'RX',
  ),
  minFreeBytes: key(
    bytes,
    'free space below which instances are answered A700',
    'RX',
    '1 GiB, or a hundredth of the disk when that is less',
  ),
  maxAssociations: keyWithDefault(countFromOne, 256, 'more at a time are rejected for now', 'RX'),
  maxPduBytes: keyWithDefault(bytesWithin(4096, 268_435_456), 1_048_576, 'longest P-DATA-TF we announce to take', 'RX'),
  maxAssociationBytes: keyWithDefault(
    bytes,
    0,
    'after so many bytes the instances of an association are answered A700, 0 = no limit',
    'RX',
  ),
  maxWaitingBytes: keyWithDefault(
    bytesWithin(1_048_576, 17_179_869_184),
    67_108_864,
    'received bytes that may wait in memory for the disk, of all associations together; beyond it senders are held back',
    'RX',
  ),
  minBytesPerSecond: keyWithDefault(
    count,
    100,
    'a sender that is slower for four times `idleSeconds` is cut off, 0 = none is',
    'RX',
  ),
  allowCallers: keyWithDefault(aeTitles, [], 'calling AE titles that may associate, empty = all', 'RX'),
  allowCalled: keyWithDefault(aeTitles, [], 'called AE titles that are answered, empty = all', 'RX'),
  allowNetworks: keyWithDefault(networks, [], 'networks that may associate, empty = all', 'RX'),
  metricsDir: key(
    absolutePath,
    'folder of `storescpd<project|ABCD>.prom`, the counters in the text format of Prometheus',
    'RX',
    '`<serverDir>/logs`',
  ),
  metricsSeconds: keyWithDefault(seconds, 15, 'seconds between two writes of the counters, 0 = none', 'RX'),
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
