import type * as z from 'zod/mini';
import {acceptsNull} from './value.ts';

/** Something about the file that zod does not see: an unknown key, a secret. */
export interface Oddity {
  kind: 'unknown' | 'secret';
  path: string[];
  /** The nearest known name, for an unknown key. */
  nearest?: string | undefined;
}

export interface Tidied {
  value: unknown;
  oddities: Oddity[];
}

/**
 * Takes out of a configuration what counts as missing (`null`, `"null"`, `""`) and comment keys (`_…`, `//…`), and notes
 * keys that the schema does not know. Never changes its input.
 */
export function tidy(raw: unknown, schema: z.core.$ZodType): Tidied {
  const oddities: Oddity[] = [];
  return {value: tidyValue(raw, schema, [], oddities), oddities};
}

function tidyValue(raw: unknown, schema: z.core.$ZodType, path: string[], oddities: Oddity[]): unknown {
  const {shape, element, values} = innards(schema);
  if (Array.isArray(raw)) {
    return element ? raw.map((item, index) => tidyValue(item, element, [...path, String(index)], oddities)) : raw;
  }
  if (!isPlainObject(raw) || (!shape && !values)) return raw;
  const kept: [string, unknown][] = [];
  for (const [name, found] of Object.entries(raw)) {
    if (name.startsWith('_') || name.startsWith('//')) continue;
    const known = shape ? (Object.hasOwn(shape, name) ? shape[name] : undefined) : values;
    if (!known) {
      const oddity = oddityOf(name, [...path, name], Object.keys(shape ?? {}));
      if (oddity) oddities.push(oddity);
    } else if (!isMissing(found, known)) {
      kept.push([name, tidyValue(found, known, [...path, name], oddities)]);
    }
  }
  return Object.fromEntries(kept);
}

function isMissing(found: unknown, schema: z.core.$ZodType): boolean {
  if (found === null) return !acceptsNull(unwrap(schema));
  return found === 'null' || found === '';
}

/**
 * The web pages keep keys of their own at the top level and in `SITES.<p>`: there an unknown key matters only when it looks
 * like one of ours.
 */
function oddityOf(name: string, path: string[], known: string[]): Oddity | undefined {
  const nearest = nearestName(name, known);
  const foreignAllowed = path.length === 1 || (path[0] === 'SITES' && path.length === 3);
  if (foreignAllowed) return nearest === undefined ? undefined : {kind: 'unknown', path, nearest};
  const isSecret = /^(?:token|password|secret)$/i.test(name);
  return {kind: isSecret ? 'secret' : 'unknown', path, nearest};
}

/** The known name within edit distance 2 (of a name long enough to mean something), or equal but for case. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const equalButForCase = known.find(other => other.toLowerCase() === name.toLowerCase());
  if (equalButForCase !== undefined) return equalButForCase;
  let best: string | undefined;
  let bestDistance = Math.min(2, Math.floor((name.length - 1) / 2));
  for (const other of known) {
    if (Math.abs(other.length - name.length) > 2) continue;
    const distance = editDistance(name, other);
    if (distance < bestDistance || (distance === bestDistance && best === undefined)) {
      best = other;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours between two short words. */
function editDistance(a: string, b: string): number {
  const table: number[][] = [Array.from({length: b.length + 1}, (_, j) => j)];
  const at = (i: number, j: number) => table[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    table[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      table[i]?.push(Math.min(replaced, swapped, at(i - 1, j) + 1, at(i, j - 1) + 1));
    }
  }
  return at(a.length, b.length);
}

/** A schema without what says whether it may be missing. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const definition = (schema as z.core.$ZodTypes)._zod.def;
  return definition.type === 'optional' || definition.type === 'default' || definition.type === 'prefault'
    ? unwrap(definition.innerType)
    : schema;
}

/** What a schema is made of: the keys of an object, the element of a list, the type of named values. */
export interface Innards {
  shape?: Readonly<Record<string, z.core.$ZodType>>;
  element?: z.core.$ZodType;
  values?: z.core.$ZodType;
}

/** Looks into a schema, through defaults and the like. */
export function innards(schema: z.core.$ZodType): Innards {
  const definition = (unwrap(schema) as z.core.$ZodTypes)._zod.def;
  if (definition.type === 'object') return {shape: definition.shape};
  if (definition.type === 'array') return {element: definition.element};
  if (definition.type === 'record') return {values: definition.valueType};
  // a TLS block: false or an object
  if (definition.type === 'union') {
    return definition.options.map(innards).find(option => option.shape !== undefined) ?? {};
  }
  return {};
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
