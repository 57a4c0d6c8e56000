/** What two spellings of the same record name have in common: names that differ only in case are one record. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

/**
 * Text whose byte order is the order of records: whole numbers first, numerically; all other names after them by
 * code point of the lower-cased name.
 */
export function sortKey(name: string): string {
  const key = nameKey(name);
  return /^(0|[1-9]\d{0,17})$/.test(key) ? `0${String(key.length).padStart(2, '0')}${key}` : `1${key}`;
}

/** Trimmed, 1-100 characters, no control characters. */
export function isRecordName(name: string): boolean {
  return name.length >= 1 && name.length <= 100 && name === name.trim() && !/[\u0000-\u001f\u007f]/.test(name);
}
