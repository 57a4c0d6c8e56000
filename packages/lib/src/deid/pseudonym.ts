import {canonicalValue, digestHex, digestText, type PseudonymBase} from './uid.ts';

/**
 * Pseudonym of an accession number: 16 characters of the digest of the stored bytes, not salted with the project, so that a
 * study keeps it in every project. Empty stays empty.
 * @param value the stored bytes as a latin-1 string
 */
export function pseudonymousAccessionNumber(value: string, base: PseudonymBase): string {
  const canonical = canonicalValue(value);
  if (canonical === '') return '';
  return digestText(canonical.length % 2 === 1 ? `${canonical} ` : canonical, '', base).slice(0, 16);
}

/** StudyID is derived from the study's UID whatever the old one was: the research PACS identifies a study by these digits. */
export function pseudonymousStudyId(studyInstanceUid: string, base: PseudonymBase): string {
  return digestText(canonicalValue(studyInstanceUid), base.project, base).slice(0, 16);
}

/** `DEV` and 8 hexadecimal digits: stable within the project, so that effects of one scanner can still be corrected. */
export function pseudonymousDevice(value: string, base: PseudonymBase): string {
  return `DEV${digestHex(canonicalValue(value), `\0${base.project}`, base).slice(0, 8).toUpperCase()}`;
}

/** `ID` and 8 characters: the same lesion keeps the same tracking id within the project. */
export function pseudonymousTrackingId(value: string, base: PseudonymBase): string {
  return `ID${digestText(canonicalValue(value), base.project, base).slice(0, 8)}`;
}

/** The date of a study without a usable one: a month of 1970 that depends on the study only; the research PACS needs a date. */
export function fallbackStudyDate(studyInstanceUid: string, base: PseudonymBase): string {
  const firstByte = Number.parseInt(digestHex(canonicalValue(studyInstanceUid), base.project, base).slice(0, 2), 16);
  return `1970${String(1 + (firstByte % 12)).padStart(2, '0')}01`;
}
