import {lookup} from '../../dicom/dictionary.ts';
import {formatTag, groupOf, isPrivate, type Tag} from '../../dicom/tag.ts';
import type {Vr} from '../../dicom/vr.ts';
import {DeidError} from '../deidError.ts';
import type {ProfileOverride} from '../request.ts';
import type {Action} from './profileRow.ts';

const actions: Readonly<Record<string, Action>> = {
  X: 'remove',
  remove: 'remove',
  Z: 'empty',
  empty: 'empty',
  D: 'dummy',
  dummy: 'dummy',
  U: 'uid',
  uid: 'uid',
  K: 'keep',
  keep: 'keep',
  C: 'descriptor',
  clean: 'descriptor',
};

/** The action that a site may write in an override, by the letters of the standard or as a word. */
export function actionOfOverride(text: string): Action | undefined {
  return Object.hasOwn(actions, text) ? actions[text] : undefined;
}

/** Rows of the patient module that may be kept: they say what the patient is like, not who. */
const harmlessPatientTags = new Set([
  0x0010_0040, 0x0010_1010, 0x0010_1020, 0x0010_1030, 0x0010_2160, 0x0010_21a0, 0x0010_21c0, 0x0010_2203,
]);

/** What a transfer itself writes, and what makes an instance one: without them it could not be sent or found again. */
const ownTags = new Set<Tag>([
  0x0008_0005, 0x0008_0016, 0x0008_0018, 0x0008_0020, 0x0008_0080, 0x0008_0090, 0x0010_0010, 0x0010_0020, 0x0012_0020,
  0x0012_0021, 0x0012_0040, 0x0012_0050, 0x0012_0051, 0x0012_0062, 0x0012_0063, 0x0012_0064, 0x0020_000d, 0x0020_000e,
  0x0028_0303, 0x0040_1002, 0x0040_2001,
]);

const textVrs: ReadonlySet<Vr | undefined> = new Set<Vr>(['LO', 'SH', 'UC', 'ST', 'LT', 'UT', 'CS']);

/**
 * Refuses overrides that contradict each other or the profile: that would keep who the patient is, original UIDs or full dates
 * (options that this gateway never applies, and says so in what it writes), or that make no sense for the element.
 * @throws DeidError
 */
export function checkOverrides(overrides: readonly ProfileOverride[]): void {
  const seen = new Set<Tag>();
  for (const {tag, action} of overrides) {
    const problem = seen.has(tag) ? 'names it twice' : problemOf(tag, action);
    seen.add(tag);
    if (problem === undefined) continue;
    throw new DeidError('profileOverrides', `ANONYMIZER.profileOverrides, ${formatTag(tag)}: ${problem}`);
  }
}

/** Why an element may not be treated so, as a sentence without its subject. */
function problemOf(tag: Tag, action: Action): string | undefined {
  if (isPrivate(tag)) return 'is a private element, see safePrivate';
  const vr = lookup(tag)?.vr;
  if (vr === undefined) return 'is no element of the standard';
  const group = groupOf(tag);
  if (ownTags.has(tag) || group < 0x0008 || group === 0x7fe0) return 'is written or needed by every transfer';
  const keeps = action === 'keep' || action === 'descriptor';
  if (keeps && group === 0x0010 && !harmlessPatientTags.has(tag)) return 'may not keep what tells who the patient is';
  if (keeps && vr === 'UI') return 'may not keep original UIDs';
  if (keeps && (vr === 'DA' || vr === 'DT')) return 'may not keep full dates';
  if (action === 'uid' && vr !== 'UI') return 'is no UID';
  if (action === 'descriptor' && !textVrs.has(vr)) return 'is no text that could be cleaned';
  return undefined;
}

/** How much of the original an action lets through: nothing, something that stands for it, what is left of it after cleaning, all. */
const gone: ReadonlySet<Action> = new Set<Action>([
  'remove',
  'empty',
  'dummy',
  'zeroBytes',
  'narrative',
  'narrativeDummy',
  'document',
]);
const standIn: ReadonlySet<Action> = new Set<Action>([
  'uid',
  'device',
  'accession',
  'studyId',
  'trackingId',
  'layerName',
  'identity',
]);

function shareKept(action: Action): number {
  if (gone.has(action)) return 0;
  if (standIn.has(action)) return 1;
  return action === 'keep' ? 3 : 2;
}

/** Whether an override lets through more than the profile would. @param before what the profile would do */
export function isWidening(action: Action, before: Action): boolean {
  return shareKept(action) > shareKept(before);
}
