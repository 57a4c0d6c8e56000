/** Fields and values that may stand in a filterLogic: nothing that could end a literal. */
const safeField = /^[a-z][a-z0-9_]*(?:\([a-z0-9_]+\))?$/;
const safeValue = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * `[field] = "value"`. Only UIDs, codes and the like: text of people is filtered locally.
 * @throws RangeError when field or value could break out of the expression
 */
export function equals(field: string, value: string): string {
  if (!safeField.test(field) || !safeValue.test(value)) throw new RangeError(`not safe in a filter: field ${field}`);
  return `[${field}] = "${value}"`;
}

/** `[field] <> ""`. @throws RangeError */
export function notBlank(field: string): string {
  if (!safeField.test(field)) throw new RangeError(`not safe in a filter: field ${field}`);
  return `[${field}] <> ""`;
}

/** True when any of the expressions is. */
export function anyOf(expressions: readonly string[]): string {
  return expressions.map(expression => `(${expression})`).join(' or ');
}
