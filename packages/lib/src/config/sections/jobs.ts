import * as z from 'zod/mini';
import {block, key, keyWithDefault, named, section} from '../key.ts';
import {
  absolutePath,
  aeTitle,
  bytes,
  count,
  countFromOne,
  cpus,
  hours,
  httpUrl,
  listOf,
  mapOf,
  megabytes,
  millimetres,
  minutes,
  paths,
  percent,
  port,
  seconds,
  singleChoice,
  text,
  texts,
  value,
  wholeNumber,
  yesOrNo,
  zoneName,
} from '../value.ts';

/** `CONTAINERS`: the container engine. */
export const containersSection = section({
  engine: key(text, '`podman`, `docker` or a path', 'AS RJ PT', 'first found of the two'),
  ociRuntime: key(text, 'OCI runtime, e.g. `runc`', 'RJ'),
  extraArgs: keyWithDefault(texts, [], 'added to every `create`', 'RJ'),
  mountOptions: key(text, 'e.g. `Z`', 'RJ AS'),
  rewritepixel: section({
    image: keyWithDefault(text, 'rewritepixel', 'image of the pixel cleaning', 'AS'),
    args: keyWithDefault(texts, ['--input', '/input', '--output', '/output', '-c', '20'], 'its arguments', 'AS'),
    timeoutSeconds: keyWithDefault(seconds, 3600, 'limit of one run', 'AS'),
    memory: key(text, 'limit of its memory, e.g. `8g`', 'AS'),
  }),
});

const identifier = value('"svs", "ndpi" … in a list', found =>
  Array.isArray(found) && found.every(format => typeof format === 'string' && /^[a-z0-9]+$/.test(format))
    ? (found as string[])
    : undefined,
);

/** Further export types; the keywords inside are checked by the export itself, which knows the dictionary. */
const exportType = value('an object (row of an export type)', found =>
  typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : undefined,
);

/** `EXPORTS`: download bundles. */
export const exportsSection = section({
  jobFile: keyWithDefault(
    absolutePath,
    '/var/www/html/applications/Exports/php/prepared_downloads_list.jobs',
    'export requests',
    'CZ CX',
  ),
  workDir: keyWithDefault(absolutePath, '/export2/Export', 'parent of `tmp_*`', 'CZ CX'),
  filesDir: keyWithDefault(absolutePath, '/export2/Export/files', 'finished bundles', 'CZ CX'),
  measurementsFile: keyWithDefault(
    absolutePath,
    '/var/www/html/applications/Exports/php/execMeasurements.json',
    'seconds per project',
    'CZ',
  ),
  tokenFile: keyWithDefault(
    absolutePath,
    '/var/www/html/applications/Exports/php/tokens.json',
    'project -> token (secret file)',
    'CZ',
  ),
  attemptsLimit: keyWithDefault(countFromOne, 5, 'last attempt that is still tried', 'CZ'),
  retrieve: section({
    mode: keyWithDefault(singleChoice('move', 'get'), 'move', 'C-MOVE or C-GET', 'CZ'),
    aeTitle: key(aeTitle, 'own move destination', 'CZ', 'required for `move`'),
    port: key(port, 'port of the own move destination', 'CZ', 'required for `move`'),
    timeoutSeconds: keyWithDefault(wholeNumber(1, 'seconds'), 60, 'limit without progress', 'CZ'),
    seriesRetries: keyWithDefault(count, 3, 'tries per series', 'CZ'),
  }),
  maxRunSeconds: keyWithDefault(seconds, 150, 'start no further job after', 'CZ'),
  minFreeBytes: keyWithDefault(bytes, 10_737_418_240, 'stop when less is free', 'CZ'),
  types: keyWithDefault(mapOf(exportType, 'export types'), {}, 'further export types (`like`)', 'CZ', 'built in'),
  checkProject: keyWithDefault(yesOrNo, true, 'refuse studies of another project', 'CZ'),
  note: section({
    firstLine: key(text, 'first line of `fiona.txt`', 'CZ', 'generic text'),
    footer: key(text, 'last line of `fiona.txt`', 'CZ', 'generic text'),
    timeZone: key(zoneName, 'zone of its times', 'CZ', 'zone of the host'),
  }),
  linkUrl: key(
    value('an address with {file} in it', found =>
      typeof found === 'string' && found.includes('{file}') && URL.canParse(found) ? found : undefined,
    ),
    'link in mails',
    'CZ',
    'required for mail jobs',
  ),
  allowedMailDomains: keyWithDefault(texts, [], "recipients' domains", 'CZ'),
  encryption: keyWithDefault(
    singleChoice('7z', '7z-zip', 'zip-aes256', 'zip-legacy'),
    '7z-zip',
    'form of encrypted bundles',
    'CZ',
  ),
  mailGapSeconds: keyWithDefault(seconds, 15, 'pause between the two mails', 'CZ'),
  passwordMail: keyWithDefault(yesOrNo, true, 'send the second mail, with the password', 'CZ'),
  allowLegacyZip: keyWithDefault(yesOrNo, false, 'permit `zip-legacy`', 'CZ'),
  uploads: section({
    tsd: section({
      enabled: keyWithDefault(yesOrNo, false, 'upload of bundles', 'CZ'),
      baseUrl: key(httpUrl, 'address of the upload service', 'CZ', 'required when enabled'),
      tokenPath: keyWithDefault(text, '/capability_token', 'where a token is asked for', 'CZ'),
      proxy: key(httpUrl, 'proxy', 'CZ'),
      caFile: key(absolutePath, 'private CA (PEM)', 'CZ', 'those of the system'),
    }),
  }),
  redcapFields: section({
    id: keyWithDefault(text, 'first_name', 'field with the participant', 'CZ'),
    age: keyWithDefault(text, 'age', 'field with the age', 'CZ'),
    dob: keyWithDefault(text, 'dob', 'field with the date of birth', 'CZ'),
    sex: keyWithDefault(text, 'sex', 'field with the sex', 'CZ'),
  }),
  sexCodes: keyWithDefault(mapOf(text, 'texts'), {'0': 'F', '1': 'M'}, 'codes of that field', 'CZ'),
  maxUsedPercent: keyWithDefault(percent, 90, 'stop deleting at', 'CX'),
  tmpMaxAgeMinutes: keyWithDefault(minutes, 1000, 'age of leftovers', 'CX'),
  zipMinAgeHours: keyWithDefault(hours, 24, 'protection of bundles', 'CX'),
});

/** `WORKFLOWS`: containers on selected series. */
export const workflowsSection = section({
  jobFile: keyWithDefault(
    absolutePath,
    '/var/www/html/applications/Workflows/php/workflow_joblist.jobs',
    'queue',
    'RJ',
  ),
  storage: keyWithDefault(
    absolutePath,
    '/export/Workflows',
    '`<storage>/<project>/ror` is the working folder of a project',
    'RJ',
  ),
  ror: keyWithDefault(
    absolutePath,
    '/var/www/html/applications/Workflows/php/ror',
    'companion program, optional',
    'RJ',
  ),
  allowedImages: keyWithDefault(texts, [], 'images that may run (exact or `name:*`)', 'RJ'),
  imageOptions: named(
    block({
      memory: keyWithDefault(text, '8g', 'memory', 'RJ'),
      cpus: keyWithDefault(cpus, 2, 'CPUs', 'RJ'),
      pids: keyWithDefault(countFromOne, 1024, 'processes', 'RJ'),
      timeoutSeconds: keyWithDefault(seconds, 21_600, 'limit of one run', 'RJ'),
      network: keyWithDefault(text, 'none', 'network', 'RJ'),
      readOnly: keyWithDefault(yesOrNo, true, 'root file system read-only', 'RJ'),
      gpus: keyWithDefault(text, 'none', 'GPUs', 'RJ'),
      tmpGiB: keyWithDefault(countFromOne, 20, 'size of its /tmp in GiB', 'RJ'),
      staticWritable: keyWithDefault(yesOrNo, false, 'static folder writable', 'RJ'),
      user: key(text, 'account inside', 'RJ', 'that of the image'),
      entrypointArgs: key(texts, 'arguments', 'RJ', 'those of the image'),
    }),
    'limits of an image, by its reference',
    'RJ',
  ),
  dataRoots: key(paths, 'where `Info.Path` of a job may point', 'RJ', '`[WORKFLOWS.storage]`'),
  maxAttempts: keyWithDefault(countFromOne, 3, 'tries when the infrastructure fails', 'RJ'),
  logLimitBytes: keyWithDefault(bytes, 67_108_864, 'cap of each log of a container', 'RJ'),
});

/** `WSI`: whole-slide images. */
export const wsiSection = section({
  appDir: keyWithDefault(
    absolutePath,
    '/var/www/html/applications/Attach',
    'parent of `uploads/`, `uploads_done/`, `uploads_failed/`',
    'PT',
  ),
  importRoots: keyWithDefault(paths, [], 'path mode is allowed below; empty = off', 'PT'),
  cacheDir: keyWithDefault(
    absolutePath,
    '/export2/Attach/project_cache',
    '`<dir>/<project>/` existing = keep a copy',
    'PT',
  ),
  settleSeconds: keyWithDefault(seconds, 60, 'age before an upload is touched', 'PT'),
  threads: keyWithDefault(countFromOne, 2, 'threads of the converter', 'PT'),
  maxInstanceMB: keyWithDefault(megabytes, 500, 'size of an instance; 0 = one instance per level', 'PT'),
  jpegQuality: keyWithDefault(wholeNumber(1, '', 100), 90, 'quality of the converter', 'PT'),
  studyPer: keyWithDefault(singleChoice('slide', 'biopsy'), 'slide', 'what shares a StudyInstanceUID', 'PT'),
  keepScanDate: keyWithDefault(yesOrNo, false, "keep the scanner's date", 'PT'),
  allowMacro: keyWithDefault(identifier, ['svs'], 'formats for which the macro image may be kept', 'PT'),
  sectionThicknessMm: keyWithDefault(millimetres, 0.005, 'thickness of a section', 'PT'),
  openslide: key(absolutePath, 'path of `libopenslide.so.0`', 'PT', 'found by `ldconfig`'),
  aperioScrub: keyWithDefault(
    listOf(text, 'texts'),
    ['Filename', 'Title', 'User', 'Barcode', 'Rack', 'Slide', 'ScanScope ID', 'ImageID'],
    'fields of Aperio descriptions that are overwritten',
    'PT',
  ),
  converter: key(
    z.object(
      {
        engine: key(text, 'container engine', 'PT', '`CONTAINERS.engine`'),
        image: key(text, 'image reference', 'PT', 'required'),
        args: keyWithDefault(texts, [], 'its arguments', 'PT'),
      },
      {error: 'an object'},
    ),
    'older converter image instead of `OrthancWSIDicomizer`',
    'PT',
  ),
});
