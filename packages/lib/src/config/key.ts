import * as z from 'zod/mini';

/** What the documentation says of a key; `usedBy` are the short names of the tools, `all`, or `RC` (all that talk to REDCap). */
export interface KeyFacts {
  meaning: string;
  usedBy: string;
  /** The default in words, where it is no fixed value. */
  shownDefault?: string | undefined;
}

const facts = new WeakMap<object, KeyFacts>();

/** The documentation of a key made here, or undefined for other schemas. */
export function factsOf(schema: object): KeyFacts | undefined {
  return facts.get(schema);
}

/** A key that may be missing. `shownDefault` says what then holds; `required` = the tools that use it demand it. */
export function key<T extends z.ZodMiniType>(
  type: T,
  meaning: string,
  usedBy: string,
  shownDefault?: string,
): z.ZodMiniOptional<T> {
  const schema = z.optional(type);
  facts.set(schema, {meaning, usedBy, shownDefault});
  return schema;
}

/** A key with a fixed default. */
export function keyWithDefault<T extends z.ZodMiniType>(
  type: T,
  value: z.output<T>,
  meaning: string,
  usedBy: string,
  shownDefault?: string,
): z.ZodMiniDefault<T> {
  const schema = z._default(type, value as never);
  facts.set(schema, {meaning, usedBy, shownDefault});
  return schema;
}

/** An object of keys; missing = every key at its default. */
export function section<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.prefault(z.object(shape, {error: 'an object'}), {} as never);
}

/** An object of keys that is something only when it is there. */
export function block<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.object(shape, {error: 'an object'});
}

/** Objects of the same keys under names the site chooses. */
export function named<T extends z.ZodMiniType>(element: T, meaning: string, usedBy: string) {
  const schema = z._default(z.record(z.string(), element, {error: 'an object'}), {});
  facts.set(schema, {meaning, usedBy});
  return schema;
}

/** A list of objects. */
export function rows<T extends z.ZodMiniType>(element: T) {
  return z.array(element, {error: 'a list of objects'});
}
