import {existsSync} from 'node:fs';
import {UsageError} from '@fiona/lib/cli/usageError';
import {asUid, type Uid} from '@fiona/lib/dicom/uid';

/** The tool's own switches. */
export interface SendOptions {
  readonly patient?: string;
  readonly name?: string;
  readonly study?: string;
  readonly announce?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
}

/** What is asked for. */
export type Target =
  | {readonly kind: 'folder'; readonly path: string}
  | {readonly kind: 'patient' | 'name'; readonly text: string}
  | {readonly kind: 'study'; readonly study: Uid}
  /** Studies of which something changed within so many days. */
  | {readonly kind: 'last'; readonly days: number};

/** A call, understood. */
export interface Call {
  readonly target: Target;
  /** Data root, `''` for the default one. */
  readonly project: string;
}

/**
 * Understands the command line. Without a switch the first word is `last`, a folder when it has a slash or exists, else a PatientID.
 * @throws UsageError
 */
export function parseCall(args: readonly string[], options: SendOptions): Call {
  const selected = (['patient', 'name', 'study'] as const).filter(each => options[each] !== undefined);
  const [kind, further] = selected;
  if (further !== undefined) throw new UsageError(`--${kind} and --${further} exclude each other`);
  if (kind !== undefined) return withProject(selectedBy(kind, options[kind] ?? ''), args);
  const [word, ...rest] = args;
  if (word === undefined || word === '') throw new UsageError('nothing to send: name a folder, a PatientID or a study');
  if (word === 'last') {
    const [days = '1', ...others] = rest;
    if (!/^[1-9]\d{0,4}$/.test(days)) throw new UsageError(`last: found "${days}", expected a number of days from 1`);
    return withProject({kind: 'last', days: Number(days)}, others);
  }
  const isFolder = word.includes('/') || existsSync(word);
  return withProject(isFolder ? {kind: 'folder', path: word} : {kind: 'patient', text: word}, rest);
}

function selectedBy(kind: 'patient' | 'name' | 'study', text: string): Target {
  if (kind !== 'study') {
    if (text.trim() === '') throw new UsageError(`--${kind} is blank`);
    return {kind, text};
  }
  const study = asUid(text);
  if (study === undefined) throw new UsageError('--study is no UID');
  return {kind, study};
}

function withProject(target: Target, [project = '', surplus]: readonly string[]): Call {
  if (surplus !== undefined) throw new UsageError(`one word too many: ${surplus}`);
  return {target, project};
}
