import {hospital, operator, stationName} from './patients.ts';
import type {SampleStudy} from './studies.ts';

/** Every text that was planted in these studies and must not be found in anything that leaves the gateway. */
export function plantedIdentifiers(studies: readonly SampleStudy[]): string[] {
  const texts = new Set<string>([hospital, stationName, ...words(operator)]);
  for (const {patient, accessionNumber, studyInstanceUid} of studies) {
    const personal = [patient.id, patient.birthDate, patient.address, patient.phone, patient.admissionId];
    for (const text of [...personal, ...words(patient.name), ...words(patient.physician), accessionNumber])
      texts.add(text);
    texts.add(studyInstanceUid);
  }
  return [...texts];
}

function words(name: string): string[] {
  return name.split(/[\^ ]/).filter(word => word.length > 3);
}

/** How often each planted text occurs in the bytes, in UTF-8, Latin-1 and UTF-16; only texts that do occur are named. */
export function findIdentifiers(bytes: Buffer, planted: readonly string[]): {text: string; count: number}[] {
  return planted
    .map(text => ({text, count: encodings(text).reduce((sum, needle) => sum + occurrences(bytes, needle), 0)}))
    .filter(({count}) => count > 0);
}

function encodings(text: string): Buffer[] {
  const utf16 = Buffer.from(text, 'utf16le');
  const needles = [Buffer.from(text, 'utf8'), Buffer.from(text, 'latin1'), utf16, Buffer.from(utf16).swap16()];
  return needles.filter((needle, index) => needles.findIndex(other => other.equals(needle)) === index);
}

function occurrences(bytes: Buffer, needle: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) count += 1;
  return count;
}
