import {dirname, join, normalize} from 'node:path';
import type {Problem} from './problem.ts';
import type {ParsedConfig} from './schema.ts';

/** What holds between keys: checked after each key by itself is right. */
export function crossCheck(config: ParsedConfig): Problem[] {
  return [
    ...dataRootRules(config),
    ...redcapRules(config),
    ...tlsRules(config),
    ...proofRules(config),
    ...anonymizerRules(config),
    ...mailRules(config),
    ...exportRules(config),
    ...rowRules(config),
  ];
}

function wrong(path: string, expected: string): Problem {
  return {kind: 'wrong', path: path.split('.'), expected};
}

function missing(path: string, expected: string): Problem {
  return {kind: 'missing', path: path.split('.'), expected};
}

function notice(path: string, text: string): Problem {
  return {kind: 'notice', path: path.split('.'), text};
}

/** Data roots must not lie in each other: deleting in one would delete in the other. */
function dataRootRules(config: ParsedConfig): Problem[] {
  const problems: Problem[] = [];
  const roots = [{key: 'DATADIR', folder: config.DATADIR}];
  for (const [name, site] of Object.entries(config.SITES)) {
    const key = `SITES.${name}`;
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(name) || name === 'ABCD') {
      problems.push({
        kind: 'wrong',
        path: ['SITES', name],
        text: 'is no project name (1-32 letters, digits, _ or -, not ABCD)',
      });
    } else if (site.DATADIR !== undefined) {
      const folder = site.DATADIR;
      const other = roots.find(root => isSameOrInside(root.folder, folder) || isSameOrInside(folder, root.folder));
      if (other) problems.push(wrong(`${key}.DATADIR`, `a folder apart from that of ${other.key} (${other.folder})`));
      roots.push({key: `${key}.DATADIR`, folder});
    }
  }
  return problems;
}

function isSameOrInside(outer: string, inner: string): boolean {
  return join(normalize(inner), '/').startsWith(join(normalize(outer), '/'));
}

function redcapRules({REDCAP}: ParsedConfig): Problem[] {
  const problems: Problem[] = [];
  if (REDCAP.url !== undefined) {
    const url = new URL(REDCAP.url);
    const isLoopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
    if (url.protocol === 'http:' && !isLoopback && !REDCAP.allowPlainHttp) {
      problems.push(wrong('REDCAP.url', 'an address that begins with https:// (or REDCAP.allowPlainHttp true)'));
    }
    if (!url.pathname.endsWith('/api/')) problems.push(wrong('REDCAP.url', 'an address that ends in /api/'));
  }
  if (!REDCAP.verifyTls) problems.push(notice('REDCAP.verifyTls', unverified));
  return problems;
}

const unverified = 'is false: the certificate of the other side is not verified';

function tlsRules({RECEIVER, RESEARCH_PACS, MAIL, HEARTBEAT, ARRIVAL}: ParsedConfig): Problem[] {
  const problems: Problem[] = [];
  if (RECEIVER.tls !== false) {
    for (const key of ['certFile', 'keyFile', 'port'] as const) {
      if (RECEIVER.tls[key] === undefined) problems.push(missing(`RECEIVER.tls.${key}`, 'a value (TLS listener)'));
    }
    if (!RECEIVER.tls.verify) problems.push(notice('RECEIVER.tls.verify', unverified));
  }
  if (RECEIVER.durability === 'none') {
    problems.push(
      notice('RECEIVER.durability', 'is none: a power cut may lose instances that were answered with success'),
    );
  }
  const clients = {'RESEARCH_PACS.tls': RESEARCH_PACS.tls, 'RESEARCH_PACS.storage.tls': RESEARCH_PACS.storage.tls};
  for (const [key, tls] of Object.entries(clients)) {
    if (tls === false) continue;
    if (!tls.verify) problems.push(notice(`${key}.verify`, unverified));
    if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
      problems.push(wrong(key, 'both certFile and keyFile, or neither'));
    }
  }
  if (!MAIL.verify) problems.push(notice('MAIL.verify', unverified));
  if (HEARTBEAT.maxArrivalSeconds <= ARRIVAL.runLimitSeconds) {
    problems.push(
      wrong('HEARTBEAT.maxArrivalSeconds', `more than ARRIVAL.runLimitSeconds (${ARRIVAL.runLimitSeconds})`),
    );
  }
  return problems;
}

/** What is asked for as proof needs somebody to be asked, and a port of our own to be told. */
function proofRules({DICOMPORT, RESEARCH_PACS}: ParsedConfig): Problem[] {
  const {proof, commitmentPort} = RESEARCH_PACS.storage;
  const problems: Problem[] = [];
  if (commitmentPort !== undefined && commitmentPort === DICOMPORT) {
    const expected = 'another port than DICOMPORT, where the receiver listens';
    problems.push(wrong('RESEARCH_PACS.storage.commitmentPort', expected));
  }
  if (proof !== 'query') return problems;
  const unset = (['host', 'port'] as const).filter(key => RESEARCH_PACS[key] === undefined);
  return [...problems, ...unset.map(key => missing(`RESEARCH_PACS.${key}`, 'a value (storage.proof is query)'))];
}

/** Style `keyed` needs its key, in the project or for all. */
function anonymizerRules({ANONYMIZER}: ParsedConfig): Problem[] {
  const problems: Problem[] = [];
  if (ANONYMIZER.uidStyle === 'keyed' && ANONYMIZER.pseudonymKeyFile === undefined) {
    problems.push(missing('ANONYMIZER.pseudonymKeyFile', 'an absolute path (uidStyle is keyed)'));
  }
  for (const [name, project] of Object.entries(ANONYMIZER.projects)) {
    if (project.uidStyle === 'keyed' && (project.pseudonymKeyFile ?? ANONYMIZER.pseudonymKeyFile) === undefined) {
      problems.push({
        kind: 'missing',
        path: ['ANONYMIZER', 'projects', name, 'pseudonymKeyFile'],
        expected: 'an absolute path (uidStyle is keyed)',
      });
    }
  }
  return problems;
}

function mailRules({MAIL}: ParsedConfig): Problem[] {
  const problems: Problem[] = [];
  if (MAIL.host !== undefined && MAIL.from === undefined) {
    problems.push(missing('MAIL.from', 'a mail address (MAIL.host is given)'));
  }
  if (MAIL.security === 'none' && MAIL.credentialFile !== undefined) {
    problems.push(wrong('MAIL.security', '"starttls" or "tls", because MAIL.credentialFile is given'));
  }
  return problems;
}

function exportRules({EXPORTS}: ParsedConfig): Problem[] {
  const problems: Problem[] = [];
  const {enabled, baseUrl} = EXPORTS.uploads.tsd;
  if (enabled && baseUrl === undefined) {
    problems.push(missing('EXPORTS.uploads.tsd.baseUrl', 'an address (uploads are enabled)'));
  }
  if (EXPORTS.encryption === 'zip-legacy' && !EXPORTS.allowLegacyZip) {
    problems.push(wrong('EXPORTS.encryption', 'a form that is safe (or EXPORTS.allowLegacyZip true)'));
  }
  if (dirname(EXPORTS.workDir) === EXPORTS.workDir) problems.push(wrong('EXPORTS.workDir', 'a folder other than /'));
  return problems;
}

/** Rows whose keys are all needed. */
function rowRules(config: ParsedConfig): Problem[] {
  const problems: Problem[] = [];
  config.PROCESSED.hooks.forEach((hook, index) => {
    if (hook.command === undefined) problems.push(wrong(`PROCESSED.hooks.${index}.command`, 'a list of arguments'));
    if (hook.when === undefined) problems.push(wrong(`PROCESSED.hooks.${index}.when`, '"direct" or "relabel"'));
  });
  config.CLEANUP.workDirs.forEach((row, index) => {
    if (row.dir === undefined) problems.push(wrong(`CLEANUP.workDirs.${index}.dir`, 'an absolute path'));
  });
  config.ANONYMIZER.profileOverrides.forEach((row, index) => {
    for (const key of ['tag', 'action', 'reason'] as const) {
      if (row[key] === undefined) problems.push(wrong(`ANONYMIZER.profileOverrides.${index}.${key}`, 'a value'));
    }
  });
  if (config.WSI.converter && config.WSI.converter.image === undefined) {
    problems.push(wrong('WSI.converter.image', 'an image reference'));
  }
  return problems;
}
