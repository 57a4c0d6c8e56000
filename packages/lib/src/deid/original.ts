import {hash} from 'node:crypto';
import type {Instance} from '../dicom/instance.ts';
import {strings, text} from '../dicom/values.ts';
import {rootTags} from './profile/rootTags.ts';
import {foldings} from './text/fold.ts';
import {canonicalValue} from './uid.ts';

/**
 * Whose an instance says it is, as digests that tell people apart and nothing else; blank where the instance says nothing. Neither
 * spelling nor punctuation counts.
 */
export interface PatientMarks {
  readonly id: string;
  /** One digest for each word of the name, each once. */
  readonly name: readonly string[];
  readonly birthDate: string;
}

/** What a de-identified instance was before. For comparing in memory: it identifies and belongs into no file. */
export interface Original {
  readonly studyInstanceUid: string;
  readonly sopInstanceUid: string;
  /** Undefined when an earlier de-identification took the patient away. */
  readonly patient: PatientMarks | undefined;
}

/** What an instance is, before anything is done to it. */
export function originalOf({dataSet}: Instance): Original {
  const uid = (tag: number) => canonicalValue(text(dataSet, tag) ?? '');
  const isNobody = text(dataSet, rootTags.patientIdentityRemoved)?.trim() === 'YES';
  return {
    studyInstanceUid: uid(rootTags.studyInstanceUid),
    sopInstanceUid: uid(rootTags.sopInstanceUid),
    patient: isNobody
      ? undefined
      : knownMarks(
          text(dataSet, rootTags.patientId) ?? '',
          strings(dataSet, rootTags.patientName)?.[0] ?? '',
          text(dataSet, rootTags.birthDate) ?? '',
        ),
  };
}

let latest: {readonly key: string; readonly marks: PatientMarks} | undefined;

/** {@link patientMarks}, once for all instances of a patient in a row. */
function knownMarks(id: string, name: string, birthDate: string): PatientMarks {
  const key = [id, name, birthDate].join('\u0001');
  if (latest?.key !== key) latest = {key, marks: patientMarks(id, name, birthDate)};
  return latest.marks;
}

/** The marks of a patient. @param birthDate DICOM DA */
export function patientMarks(id: string, name: string, birthDate: string): PatientMarks {
  const words = folded(name).split(/[^\p{L}\p{N}]+/u);
  return {
    id: digest(folded(id).replace(/[^\p{L}\p{N}]+/gu, '')),
    name: [...new Set(words.filter(word => word !== '').map(digest))],
    birthDate: digest(birthDate.replace(/\D+/g, '')),
  };
}

/**
 * How many different people the instances belong to, as far as they say. One id for two names is one patient unless the birth
 * dates differ too (names get corrected, ids like `0` are given twice); two ids are two patients unless name and birth date are the same
 * (other ids of the same person).
 */
export function countPatients(marks: readonly PatientMarks[]): number {
  const people: PatientMarks[] = [];
  const seen = new Set<string>();
  for (const one of marks) {
    const key = JSON.stringify(one);
    if (seen.has(key)) continue;
    seen.add(key);
    const isSilent = one.id === '' && one.name.length === 0;
    if (!isSilent && people.every(other => areDifferent(one, other))) people.push(one);
  }
  return people.length;
}

function areDifferent(one: PatientMarks, other: PatientMarks): boolean {
  const id = compare(one.id, other.id);
  const name = compareNames(one.name, other.name);
  const birth = compare(one.birthDate, other.birthDate);
  if (id === 'other') return name !== 'same' || birth !== 'same';
  return name === 'other' && birth === 'other';
}

type Comparison = 'same' | 'other' | 'unknown';

function compare(one: string, other: string): Comparison {
  if (one === '' || other === '') return 'unknown';
  return one === other ? 'same' : 'other';
}

/** A name with fewer words (no middle name, no second group of characters) is the same one. */
function compareNames(one: readonly string[], other: readonly string[]): Comparison {
  if (one.length === 0 || other.length === 0) return 'unknown';
  const [fewer, more] = one.length <= other.length ? [one, other] : [other, one];
  return fewer.every(word => more.includes(word)) ? 'same' : 'other';
}

function folded(value: string): string {
  return foldings(value)[0] ?? '';
}

/** Enough to tell values apart, too little to find them again. */
function digest(value: string): string {
  return value === '' ? '' : hash('sha256', value).slice(0, 16);
}
