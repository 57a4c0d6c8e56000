/** One variable of a form-encoded body. */
export type Parameter = readonly [name: string, value: string];

/** PHP drops variables beyond 1000 without a word (max_input_vars); we stay clear of that. */
export const maxVariables = 950;

/** Longer lists of fields, forms and events go as one comma-joined variable: their names hold no commas. */
const longestIndexedList = 400;

/** `name[0]`, `name[1]` … , or one joined variable when the list is long. Record names are always indexed: they may hold commas. */
export function listParameters(
  name: 'records' | 'fields' | 'forms' | 'events',
  values: readonly string[],
): Parameter[] {
  if (name !== 'records' && values.length > longestIndexedList) return [[name, values.join(',')]];
  return values.map((value, index) => [`${name}[${index}]`, value] as const);
}

/** `application/x-www-form-urlencoded` in UTF-8; a lone surrogate becomes U+FFFD. */
export function encodeForm(parameters: readonly Parameter[]): string {
  return parameters.map(([name, value]) => `${encodeText(name)}=${encodeText(value)}`).join('&');
}

/** One value of a form-encoded body. */
export function encodeText(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
