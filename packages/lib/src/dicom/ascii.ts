/** A value of the default repertoire as text: padding (trailing NUL and blanks, leading blanks) dropped. */
export function asciiText(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/^ +|[\0 ]+$/g, '');
}
