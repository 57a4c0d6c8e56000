import {closeSync, constants, fstatSync, openSync, readFileSync} from 'node:fs';
import {registerSecret} from '../cli/secretWords.ts';
import {whyOf} from '../fs/fileError.ts';
import {ConfigError} from './configError.ts';
import type {Config} from './derived.ts';

const largestSecret = 64 * 1024;

/** REDCAP projects that have a token of their own. */
export type RedcapProjectName = keyof Config['REDCAP']['projects'];

/** The content of a secret file, or why it is not acceptable. */
type SecretFile = {kind: 'content'; content: Buffer} | {kind: 'refused'; problem: string};

function openSecretFile(path: string): SecretFile {
  let descriptor: number;
  try {
    // non-blocking: a named pipe in its place must not hang the tool
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return refused(`${path} cannot be read: ${whyOf(error)}`);
  }
  try {
    const stat = fstatSync(descriptor);
    const mode = stat.mode & 0o7777;
    if (!stat.isFile()) return refused(`${path} is no regular file`);
    if ((mode & 0o007) !== 0) {
      const rights = (mode & 0o004) !== 0 ? 'readable' : 'accessible';
      return refused(
        `${path} is ${rights} by others (${mode.toString(8).padStart(4, '0')}), expected 0640 or stricter`,
      );
    }
    if (stat.size > largestSecret) return refused(`${path} is larger than 64 KiB`);
    if (stat.size === 0) return refused(`${path} is empty`);
    return {kind: 'content', content: readFileSync(descriptor)};
  } catch (error) {
    return refused(`${path} cannot be read: ${whyOf(error)}`);
  } finally {
    closeSync(descriptor);
  }
}

function refused(problem: string): SecretFile {
  return {kind: 'refused', problem};
}

/** Why a file cannot serve as a secret file (missing, readable by others, too large…), or undefined when it can. */
export function secretFileProblem(path: string): string | undefined {
  const file = openSecretFile(path);
  return file.kind === 'refused' ? file.problem : undefined;
}

/**
 * The bytes of a secret file: a regular file without any right for others, at most 64 KiB.
 * @param key the configuration key that names the file, for the message
 * @throws ConfigError
 */
export function readSecretBytes(path: string, key: string): Buffer {
  const file = openSecretFile(path);
  if (file.kind === 'refused') throw new ConfigError(`${key}: ${file.problem}`);
  return file.content;
}

/**
 * The text of a secret file, without outer white space; registered so that it never shows in a log.
 * @throws ConfigError
 */
export function readSecretFile(path: string, key: string): string {
  const text = readSecretBytes(path, key)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trim();
  if (text === '') throw new ConfigError(`${key}: ${path} is empty`);
  registerSecret(text);
  return text;
}

/**
 * The API token of one of the system's REDCap projects: `FIONA_TOKEN_<PROJECT>`, else the file `REDCAP.projects.<P>.tokenFile`.
 * @throws ConfigError
 */
export function readToken(config: Config, project: RedcapProjectName): string {
  const key = `REDCAP.projects.${project}.tokenFile`;
  const variable = `FIONA_TOKEN_${project.toUpperCase()}`;
  const fromEnvironment = secretFromEnvironment(variable);
  if (fromEnvironment !== undefined) return checkedToken(fromEnvironment.trim(), variable);
  const path = config.REDCAP.projects[project].tokenFile;
  if (path === undefined) throw new ConfigError(`${key}: found nothing, expected an absolute path`);
  return checkedToken(readSecretFile(path, key), `${key}: ${path}`);
}

function checkedToken(token: string, source: string): string {
  registerSecret(token);
  if (/^[0-9A-Fa-f]{32}$/.test(token)) return token;
  throw new ConfigError(`${source} holds no API token, expected one line of 32 hexadecimal digits`);
}

/** The environment variable that stands in for a token file, by the key of that file. */
export function tokenVariable(key: string): string | undefined {
  const project = /^REDCAP\.projects\.([A-Za-z0-9]+)\.tokenFile$/.exec(key)?.[1];
  return project === undefined ? undefined : `FIONA_TOKEN_${project.toUpperCase()}`;
}

export interface MailCredentials {
  user: string;
  password: string;
}

/**
 * Login at the mail server: `FIONA_MAIL_USER` and `FIONA_MAIL_PASSWORD`, else `MAIL.credentialFile`.
 * @returns undefined when none is configured
 * @throws ConfigError
 */
export function readMailCredentials(config: Config): MailCredentials | undefined {
  const user = secretFromEnvironment('FIONA_MAIL_USER');
  const password = secretFromEnvironment('FIONA_MAIL_PASSWORD');
  if (user !== undefined && password !== undefined) return {user, password};
  const path = config.MAIL.credentialFile;
  if (path === undefined) return undefined;
  const content: unknown = jsonOrUndefined(readSecretFile(path, 'MAIL.credentialFile'));
  if (isCredentials(content)) {
    registerSecret(content.password);
    return {user: content.user, password: content.password};
  }
  throw new ConfigError(`MAIL.credentialFile: ${path} is not {"user": "…", "password": "…"}`);
}

function isCredentials(content: unknown): content is MailCredentials {
  const {user, password} = (content ?? {}) as Partial<Record<keyof MailCredentials, unknown>>;
  return typeof user === 'string' && typeof password === 'string';
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Key of UID style `keyed`: the bytes of the file as they are, at least 32.
 * @throws ConfigError
 */
export function readPseudonymKey(path: string, key: string): Buffer {
  const bytes = readSecretBytes(path, key);
  registerSecret(bytes.toString('utf8').trim());
  if (bytes.length < 32) throw new ConfigError(`${key}: ${path} holds ${bytes.length} bytes, expected at least 32`);
  return bytes;
}

const fromEnvironment = new Map<string, string>();

/**
 * Takes our secrets out of the environment, so that child processes never get them. Called once at the start of every tool.
 */
export function hideEnvironmentSecrets(): void {
  for (const name of Object.keys(process.env)) {
    if (/^FIONA_(?:TOKEN_[A-Z0-9]+|MAIL_USER|MAIL_PASSWORD)$/.test(name)) secretFromEnvironment(name);
  }
}

/** A secret given by the environment; taken out of it at the first look. */
export function secretFromEnvironment(name: string): string | undefined {
  const found = process.env[name];
  if (found !== undefined) {
    delete process.env[name];
    if (found !== '') {
      fromEnvironment.set(name, found);
      registerSecret(found);
    }
  }
  return fromEnvironment.get(name);
}
