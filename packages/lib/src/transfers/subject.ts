import {trimmed} from '../redcap/routing.ts';

const longest = 64;

/**
 * Why a text can't be a subject: the pseudonym that becomes PatientID and PatientName of the de-identified data.
 * A subject has 1-64 characters, no `\`, `^`, `=` or control characters (they have a meaning in DICOM values), no blanks at its
 * ends (they would be lost) and is not the word `hashuid` (a keyword of the older anonymizer).
 * @returns the broken rule as the end of a sentence ("the name …"), without the text itself; undefined when the text is fine
 */
export function subjectProblem(text: string): string | undefined {
  if (text === '') return 'is blank';
  if ([...text].length > longest) return `is longer than ${longest} characters`;
  if (/[\\^=]/.test(text)) return 'holds \\, ^ or =';
  if (/\p{Cc}/u.test(text)) return 'holds a control character';
  if (/^\s|\s$/u.test(text)) return 'begins or ends with a blank';
  if (/^hashuid$/i.test(text)) return 'is the reserved word hashuid';
  return undefined;
}

/** A PatientID or PatientName as a subject would be spelled: trimmed, without empty trailing name components. Not yet checked. */
export function subjectFrom(text: string): string {
  return trimmed(trimmed(text).replace(/\^[\^ ]*$/, ''));
}
