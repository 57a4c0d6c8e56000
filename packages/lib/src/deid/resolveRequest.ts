import {readFile} from 'node:fs/promises';
import type {Config} from '../config/derived.ts';
import {readSecretBytes} from '../config/secrets.ts';
import {parseTag} from '../dicom/tag.ts';
import {DeidError} from './deidError.ts';
import {actionOfOverride, checkOverrides} from './profile/overrides.ts';
import {checkDeidRequest, type DeidRequest, defaultDeidRequest, type ProfileOverride} from './request.ts';
import type {UidStyle} from './uid.ts';

type Section = Config['ANONYMIZER'];

/** Keys of `ANONYMIZER` that a project may have for itself. */
interface ProjectSettings {
  readonly uidRoot?: string;
  readonly uidStyle?: UidStyle;
  readonly pseudonymKeyFile?: string;
  readonly dateIncrement?: number;
  readonly ageCap?: number | null;
  readonly narrative?: 'remove' | 'clean';
  readonly retain?: {readonly deviceIdentity?: boolean};
  readonly safePrivate?: readonly string[];
  readonly allow?: readonly string[];
  readonly vocabularyFile?: string;
  readonly trialSponsor?: string;
}

/** What the transfer itself says; the rest comes from the configuration. */
export type TransferPart = Pick<DeidRequest, 'project' | 'subject'> &
  Partial<Pick<DeidRequest, 'event' | 'importRules' | 'patternMillis' | 'pixelGate' | 'identifiers'>>;

/** The four things that are fixed for a project's whole life, see `uid-styles.json`. */
export interface ProjectStyle {
  readonly uidRoot: string;
  readonly uidStyle: UidStyle;
  readonly dateIncrement: number;
  readonly pseudonymKeyFile: string | undefined;
}

/**
 * UID root, style and date increment of a project: its own where configured, else those of the section.
 * @throws DeidError when a key of the project is wrong: it must not be taken for one that is missing
 */
export function projectStyle(section: Section, project: string): ProjectStyle {
  if (Object.hasOwn(section.refusedProjects, project)) {
    throw new DeidError('projects', section.refusedProjects[project] ?? '');
  }
  const own = ownSettings(section, project);
  return {
    uidRoot: own?.uidRoot ?? section.uidRoot,
    uidStyle: own?.uidStyle ?? section.uidStyle,
    dateIncrement: own?.dateIncrement ?? section.dateIncrement,
    pseudonymKeyFile: own?.pseudonymKeyFile ?? section.pseudonymKeyFile,
  };
}

/**
 * A complete, checked request for one project from the configuration section `ANONYMIZER`: the project's own keys win over
 * the section's. Reads the key file and the vocabulary file.
 * @throws DeidError, ConfigError
 */
export async function resolveDeidRequest(section: Section, transfer: TransferPart): Promise<DeidRequest> {
  const own = ownSettings(section, transfer.project);
  const style = projectStyle(section, transfer.project);
  const sponsor = own?.trialSponsor ?? section.trialSponsor;
  const ageCap = own?.ageCap === undefined ? section.ageCap : own.ageCap;
  const request: DeidRequest = {
    ...defaultDeidRequest,
    ...transfer,
    uidRoot: style.uidRoot,
    uidStyle: style.uidStyle,
    ...(style.uidStyle === 'keyed' ? {key: readKey(style.pseudonymKeyFile)} : {}),
    dateIncrement: style.dateIncrement,
    ageCap,
    narrative: own?.narrative ?? section.narrative,
    retain: {deviceIdentity: own?.retain?.deviceIdentity ?? section.retain.deviceIdentity},
    safePrivate: own?.safePrivate ?? section.safePrivate,
    allow: own?.allow ?? section.allow,
    siteWords: await readWords(own?.vocabularyFile ?? section.vocabularyFile),
    profileOverrides: siteOverrides(section),
    ...(sponsor === undefined ? {} : {trialSponsor: sponsor}),
    limits: {maxHeaderBytes: section.maxHeaderBytes, maxDepth: section.maxDepth},
  };
  checkDeidRequest(request);
  return request;
}

/**
 * The changes of the site to the profile, for all projects.
 * @throws DeidError when one is wrong or contradicts another
 */
export function siteOverrides({profileOverrides}: Pick<Section, 'profileOverrides'>): readonly ProfileOverride[] {
  const overrides = profileOverrides.map(resolveOverride);
  checkOverrides(overrides);
  return overrides;
}

function ownSettings(section: Section, project: string): ProjectSettings | undefined {
  return Object.hasOwn(section.projects, project) ? (section.projects[project] as ProjectSettings) : undefined;
}

function readKey(path: string | undefined): Uint8Array {
  if (path === undefined)
    throw new DeidError('pseudonymKeyFile', 'the UID style "keyed" needs ANONYMIZER.pseudonymKeyFile');
  return new Uint8Array(readSecretBytes(path, 'ANONYMIZER.pseudonymKeyFile'));
}

async function readWords(path: string | undefined): Promise<string> {
  if (path === undefined) return '';
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new DeidError('vocabularyFile', `ANONYMIZER.vocabularyFile ${path} cannot be read (${code})`);
  }
}

function resolveOverride(row: {
  tag?: string | undefined;
  action?: string | undefined;
  reason?: string | undefined;
}): ProfileOverride {
  const tag = parseTag(row.tag ?? '');
  const action = actionOfOverride(row.action ?? '');
  if (tag === undefined)
    throw new DeidError('profileOverrides', `ANONYMIZER.profileOverrides: ${row.tag ?? ''} is no tag`);
  if (action === undefined)
    throw new DeidError(
      'profileOverrides',
      `ANONYMIZER.profileOverrides: ${row.action ?? ''} is no action; expected X, Z, D, U, K or C`,
    );
  return {tag, action, reason: row.reason ?? ''};
}
