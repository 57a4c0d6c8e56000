import {implementationVersionName} from '../dicom/implementation.ts';
import type {DeidRun} from './pool.ts';
import {profileHash} from './profile/profileHash.ts';
import {profileEdition} from './profile/table.ts';
import {wideningOverrides} from './profile/widening.ts';
import type {DeidRequest} from './request.ts';
import {appliedCodes} from './stamp.ts';
import {type Counter, counters, type Label} from './tally.ts';
import type {UidStyle} from './uid.ts';

/** What was done in one transfer: counts only, no value of any instance, no identifier. */
export interface DeidReport {
  readonly tool: 'fiona-deid';
  readonly version: string;
  readonly profile: string;
  /** See `profileHash`. */
  readonly profileHash: string;
  /** Codes of PS3.16 CID 7050 that apply to every instance. */
  readonly options: readonly string[];
  readonly project: string;
  readonly style: UidStyle;
  readonly dateIncrement: number;
  /** New StudyInstanceUIDs. */
  readonly studies: readonly string[];
  readonly instances: {
    readonly in: number;
    readonly written: number;
    readonly skipped: number;
    readonly quarantined: number;
  };
  readonly bySopClass: Readonly<Record<string, number>>;
  /** 8 hexadecimal digits, `gggg:creator:ee`, or `private` -> what was done how often. */
  readonly actions: Readonly<Record<string, Partial<Record<Label, number>>>>;
  readonly counts: Readonly<Record<Counter, number>>;
  readonly skipped: Readonly<Record<string, number>>;
  readonly quarantine: Readonly<Record<string, number>>;
  /** Changes of the site to the profile, each with its reason. */
  readonly profileOverrides: readonly {
    readonly tag: string;
    readonly action: string;
    readonly reason: string;
    /** It lets through more than the profile would. */
    readonly widens: boolean;
  }[];
  readonly seconds: number;
}

/** Sums a run up. @param seconds how long it took */
export function deidReport(request: DeidRequest, {outcomes, tally}: DeidRun, seconds: number): DeidReport {
  const written = outcomes.filter(outcome => outcome.kind === 'written');
  const skipped = outcomes.filter(outcome => outcome.kind === 'skipped');
  const quarantined = outcomes.filter(outcome => outcome.kind === 'quarantined');
  const keys = [...tally.actions].map(([key, row]) => [typeof key === 'number' ? hexTag(key) : key, row] as const);
  const widening = new Set(wideningOverrides(request).map(({tag}) => tag));
  return {
    tool: 'fiona-deid',
    version: implementationVersionName.replace(/^FIONA_/, ''),
    profile: profileEdition,
    profileHash: profileHash(request),
    options: appliedCodes(request, false, new Set()),
    project: request.project,
    style: request.uidStyle,
    dateIncrement: request.dateIncrement,
    studies: [...new Set(written.map(outcome => outcome.studyInstanceUid))].toSorted(),
    instances: {in: outcomes.length, written: written.length, skipped: skipped.length, quarantined: quarantined.length},
    bySopClass: countBy(written.map(outcome => outcome.sopClassUid)),
    actions: Object.fromEntries(keys.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    counts: Object.fromEntries(counters.map(counter => [counter, tally.counts[counter] ?? 0])) as Record<
      Counter,
      number
    >,
    skipped: countBy(skipped.map(outcome => outcome.reason)),
    quarantine: countBy(quarantined.map(outcome => outcome.reason)),
    profileOverrides: request.profileOverrides.map(({tag, action, reason}) => ({
      tag: hexTag(tag),
      action,
      reason,
      widens: widening.has(tag),
    })),
    seconds: Math.round(seconds * 1000) / 1000,
  };
}

function hexTag(tag: number): string {
  return tag.toString(16).toUpperCase().padStart(8, '0');
}

function countBy(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts.toSorted()) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}
