/**
 * The distinct record names of an export that has nothing but key columns. A million rows come for a project of 100,000 records with
 * repeating instruments; as objects they would take gigabytes, so they are read off the text.
 * @returns the names in their order; another value when the text is JSON, but no such list
 * @throws SyntaxError when the text is no JSON
 */
export function parseNames(text: string, recordIdField: string): unknown {
  const row = new RegExp(
    `\\{"${recordIdField}":"((?:[^"\\\\]|\\\\.)*)"(?:,"redcap_[a-z_]+":(?:"[^"\\\\]*"|\\d+|null))*\\}([,\\]])`,
    'y',
  );
  const names = new Set<string>();
  const start = text.indexOf('[') + 1;
  if (start === 0 || text.slice(0, start).trim() !== '[') return namesOf(JSON.parse(text), recordIdField);
  let previous: string | undefined;
  for (row.lastIndex = start; ; ) {
    const match = row.exec(text);
    // anything unusual: blanks between, numbers as names, an empty list
    if (!match) return namesOf(JSON.parse(text), recordIdField);
    const [, name = '', separator] = match;
    if (name !== previous) names.add(name.includes('\\') ? (JSON.parse(`"${name}"`) as string) : name);
    previous = name;
    if (separator === ',') continue;
    if (text.slice(row.lastIndex).trim() !== '') return JSON.parse(text) as unknown;
    return names.has('') ? undefined : [...names];
  }
}

function namesOf(value: unknown, recordIdField: string): unknown {
  if (!Array.isArray(value)) return value;
  const names = value.map((row: unknown) => (row as Record<string, unknown> | null)?.[recordIdField]);
  const usable = names.every(name => (typeof name === 'string' && name !== '') || typeof name === 'number');
  return usable ? [...new Set(names.map(String))] : undefined;
}
