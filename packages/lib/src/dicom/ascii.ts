/**
 * Text without the characters of `padding` at its end. A loop, not a regular expression: those look at a long run of blanks
 * in the middle of a text again and again.
 */
export function trimEndOf(text: string, padding: string): string {
  let end = text.length;
  while (end > 0 && padding.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** Text without blanks at its start. */
export function trimLeadingBlanks(text: string): string {
  let start = 0;
  while (text.charAt(start) === ' ') start += 1;
  return text.slice(start);
}

/** A value of the default repertoire as text: padding (trailing NUL and blanks, leading blanks) dropped. */
export function asciiText(bytes: Buffer): string {
  return trimLeadingBlanks(trimEndOf(bytes.toString('latin1'), '\0 '));
}
