import {UsageError} from '@fiona/lib/cli/usageError';
import {DeidError} from '@fiona/lib/deid/deidError';
import {checkOverrides} from '@fiona/lib/deid/profile/overrides';
import {Profile} from '@fiona/lib/deid/profile/profile';
import type {Action} from '@fiona/lib/deid/profile/profileRow';
import type {DeidRequest, FixedText, ImportRule, ProfileOverride} from '@fiona/lib/deid/request';
import {lookup} from '@fiona/lib/dicom/dictionary';
import {formatTag, groupOf, isPrivate, parseTag, type Tag} from '@fiona/lib/dicom/tag';
import {vrRules} from '@fiona/lib/dicom/vr';

/** Elements that say who the patient is by now, or what was done. */
const fixedTags = new Set<Tag>([
  0x0010_0010, 0x0010_0020, 0x0012_0040, 0x0012_0062, 0x0012_0063, 0x0012_0064, 0x0028_0303,
]);
const actionWords = new Map<string, Action>([
  ['keep', 'keep'],
  ['remove', 'remove'],
]);
/** Words that the older anonymizer took for an action: as a literal text they would surprise. */
const formerWords = new Set(['hashuid', 'hashuid+PROJECTNAME', 'incrementdate', 'SITENAME', 'SITEID', 'Re-Mapped']);
/** Actions under which a value stays, cleaned or checked. */
const keeping = new Set<Action>([
  'keep',
  'modelText',
  'codeString',
  'age',
  'timezone',
  'sequence',
  'codes',
  'classUid',
]);

/** The changes of `--tagchange`, as the de-identification takes them. */
export interface TagChanges {
  readonly fixedTexts: readonly FixedText[];
  readonly profileOverrides: readonly ProfileOverride[];
}

/**
 * Reads `gggg,eeee=TEXT`; the last one for a tag counts.
 * @param force keep also what the profile removes
 * @throws UsageError for an element that must not be set
 */
export function tagChangesOf(texts: readonly string[], request: DeidRequest, force: boolean): TagChanges {
  const profile = new Profile(request);
  const fixedTexts = new Map<Tag, FixedText>();
  const overrides = new Map<Tag, ProfileOverride>();
  for (const line of texts) {
    const {tag, text} = split(line, '--tagchange');
    fixedTexts.delete(tag);
    overrides.delete(tag);
    const action = actionWords.get(text);
    if (action === undefined) {
      if (isSameAnyway(tag, text)) continue;
      const vr = textVrOf(tag);
      fixedTexts.set(tag, {tag, vr, text: wordOf(text, request)});
      continue;
    }
    checkTag(tag);
    if (action === 'keep' && !force && !keeping.has(profile.ruleOf(tag).action))
      throw new UsageError(
        `--tagchange ${formatTag(tag)}=keep would keep what the profile changes or removes; --force does it`,
      );
    overrides.set(tag, {tag, action, reason: 'command line'});
  }
  checkAgainstProfile([...overrides.values()]);
  return {fixedTexts: [...fixedTexts.values()], profileOverrides: [...overrides.values()]};
}

/** What no site may change, no command line may. @throws UsageError */
function checkAgainstProfile(overrides: readonly ProfileOverride[]): void {
  try {
    checkOverrides(overrides);
  } catch (error) {
    if (!(error instanceof DeidError)) throw error;
    throw new UsageError(error.message.replace('ANONYMIZER.profileOverrides', '--tagchange'));
  }
}

/**
 * Reads `gggg,eeee=REGEX`; the last one for a tag counts.
 * @throws UsageError
 */
export function importRulesOf(texts: readonly string[]): readonly ImportRule[] {
  const rules = new Map<Tag, ImportRule>();
  for (const line of texts) {
    const {tag, text} = split(line, '--regtagchange');
    textVrOf(tag, '--regtagchange');
    rules.set(tag, {tag, pattern: text});
  }
  return [...rules.values()];
}

function split(line: string, flags: string): {tag: Tag; text: string} {
  const at = line.indexOf('=');
  const tag = at < 0 ? undefined : parseTag(line.slice(0, at).trim());
  if (tag === undefined) throw new UsageError(`${flags}: expected gggg,eeee=TEXT with a tag in hexadecimal digits`);
  return {tag, text: line.slice(at + 1)};
}

/** `0010,0020=PATIENTID` is what happens anyway. */
function isSameAnyway(tag: Tag, text: string): boolean {
  const isPatient = tag === 0x0010_0010 || tag === 0x0010_0020 || tag === 0x0012_0040;
  return isPatient && /^patientid$/i.test(text);
}

function checkTag(tag: Tag, flags = '--tagchange'): void {
  const vr = lookup(tag)?.vr;
  const group = groupOf(tag);
  const refused = isPrivate(tag) || group < 0x0008 || group === 0x7fe0 || fixedTags.has(tag);
  if (vr === undefined || vr === 'UI' || refused) throw new UsageError(`${flags}: ${formatTag(tag)} cannot be changed`);
}

function textVrOf(tag: Tag, flags = '--tagchange'): FixedText['vr'] {
  checkTag(tag, flags);
  const vr = lookup(tag)?.vr;
  if (vr === undefined || vr === 'SQ' || vr === 'UI' || vrRules[vr].kind !== 'text')
    throw new UsageError(`${flags}: ${formatTag(tag)} is no text`);
  return vr;
}

function wordOf(text: string, {project, subject, event}: DeidRequest): string {
  if (text === 'PROJECTNAME') return project;
  if (/^patientid$/i.test(text)) return subject;
  if (text === 'EventName') return event;
  if (text === 'empty') return '';
  if (formerWords.has(text)) throw new UsageError(`--tagchange: the action ${text} is not available any more`);
  if (/\p{Cc}/u.test(text) || [...text].length > 1024)
    throw new UsageError('--tagchange: the text is too long or has control characters');
  return text;
}
