import {statSync} from 'node:fs';
import * as z from 'zod/mini';

/**
 * A type of one configuration value: what an operator is told to write (`expected`), and the reading of what was found.
 * Shared between keys; the keys themselves are made by {@link key} and {@link keyWithDefault}.
 */
export type Value<T> = z.ZodMiniTransform<T, unknown>;

/** Facts about a value type that zod has no place for. */
interface ValueFacts {
  expected: string;
  /** JSON `null` is a value of its own here, not "missing". */
  nullable: boolean;
}

const facts = new WeakMap<object, ValueFacts>();

/** What the type expects, as it stands after "expected" in an error and in the documentation. */
export function expectedBy(schema: object): string | undefined {
  return facts.get(schema)?.expected;
}

/** Whether `null` means something else than "missing". */
export function acceptsNull(schema: object): boolean {
  return facts.get(schema)?.nullable === true;
}

/** @param read turns what was found into the value, or gives undefined when it is wrong */
export function value<T>(expected: string, read: (found: unknown) => T | undefined, nullable = false): Value<T> {
  const schema = z.transform((found: unknown, context): T => {
    const result = read(found);
    if (result !== undefined) return result;
    context.issues.push({code: 'custom', message: expected, input: found});
    return z.NEVER;
  });
  facts.set(schema, {expected, nullable});
  return schema;
}

/** Text that satisfies a condition. */
function textWhere(expected: string, isRight: (text: string) => boolean): Value<string> {
  return value(expected, found => (typeof found === 'string' && isRight(found) ? found : undefined));
}

/** A number, also written as text, within limits. */
function numberWithin(expected: string, from: number, to: number, whole: boolean): Value<number> {
  return value(expected, found => {
    const number = typeof found === 'string' && /^-?\d+(\.\d+)?$/.test(found.trim()) ? Number(found) : found;
    if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
    return number >= from && number <= to && (!whole || Number.isSafeInteger(number)) ? number : undefined;
  });
}

/** Whole number from `from` on. */
export function wholeNumber(from: number, unit = '', to: number = Number.MAX_SAFE_INTEGER): Value<number> {
  const range = to === Number.MAX_SAFE_INTEGER ? `of ${from} or more` : `from ${from} to ${to}`;
  return numberWithin(
    `a whole number${unit && ` of ${unit}`}${unit ? `, ${from} or more` : ` ${range}`}`,
    from,
    to,
    true,
  );
}

export const port = numberWithin('a port number 1-65535', 1, 65535, true);
export const percent = numberWithin('a percentage 0-100', 0, 100, false);
export const seconds = wholeNumber(0, 'seconds');
export const minutes = wholeNumber(0, 'minutes');
export const hours = wholeNumber(0, 'hours');
export const days = wholeNumber(0, 'days');
export const millis = wholeNumber(0, 'milliseconds');
export const count = wholeNumber(0);
export const countFromOne = wholeNumber(1);
export const megabytes = wholeNumber(0, 'megabytes');
export const millimetres = numberWithin('a number of millimetres above 0', Number.MIN_VALUE, 1000, false);
export const cpus = numberWithin('a number of CPUs above 0', 0.01, 4096, false);
/** Days that may point back. */
export const shiftDays = numberWithin('a whole number of days', -100_000, 100_000, true);

/** `true`, `false`, or either as text (old files). */
export const yesOrNo = value('true or false', found => {
  if (found === true || found === 'true') return true;
  return found === false || found === 'false' ? false : undefined;
});

export const text = textWhere('a text', found => !/[\0\n\r]/.test(found));
export const singleChoice = <const T extends string>(...choices: T[]): Value<T> =>
  value(choices.map(choice => `"${choice}"`).join(' or '), found => choices.find(choice => choice === found));

export const absolutePath = textWhere('an absolute path', isAbsolutePath);

function isAbsolutePath(found: string): boolean {
  return found.startsWith('/') && !found.includes('\0');
}

/** A data root: its path is written into comma-separated lines and deleted below. */
export const dataFolder = textWhere(
  'an absolute path other than /, without comma and line break',
  found => isAbsolutePath(found) && !/[,\r\n]/.test(found) && /[^/.]/.test(found),
);

/** A host name or address without scheme and port. */
export const host = textWhere(
  'a host name or address',
  found => /^[A-Za-z0-9._:[\]%-]{1,255}$/.test(found) && !found.includes('::/'),
);

/** PS3.5 6.2: at most 16 characters of the default repertoire without backslash; outer blanks are padding. */
export const aeTitle = textWhere(
  'an AE title (1-16 printable ASCII characters, no backslash, no outer blanks)',
  found => /^[\x20-\x7e]{1,16}$/.test(found) && !found.includes('\\') && found === found.trim(),
);

/** Octal rights as text, `"0660"`. */
export const fileMode = value('a mode in octal digits as text, like "02770"', found =>
  typeof found === 'string' && /^0?[0-7]{3,4}$/.test(found) ? Number.parseInt(found, 8) : undefined,
);

export const zoneName = textWhere('a time zone name like Europe/Berlin', isZone);

/** Whether this is the name of a time zone. The system's zone files are looked at first: Intl costs 10 ms at its first use. */
export function isZone(name: string): boolean {
  if (!/^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/.test(name)) return false;
  if (statSync(`/usr/share/zoneinfo/${name}`, {throwIfNoEntry: false})?.isFile()) return true;
  try {
    new Intl.DateTimeFormat('en', {timeZone: name});
    return true;
  } catch {
    return false;
  }
}

const byteUnits: Record<string, number> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/** A number of bytes, or text with a unit: `"10 GiB"`, `"64 MiB"`. */
export const bytes = value('a number of bytes, or text like "10 GiB"', found => {
  if (typeof found === 'number') return Number.isSafeInteger(found) && found >= 0 ? found : undefined;
  const match = typeof found === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(found) : null;
  const unit = byteUnits[match?.[2]?.toLowerCase() ?? ''];
  if (!match || unit === undefined) return undefined;
  const size = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(size) ? size : undefined;
});

/** A number of bytes within limits. */
export function bytesWithin(from: number, to: number): Value<number> {
  return value(`a number of bytes from ${from} to ${to}, or text like "1 MiB"`, found => {
    const size = z.safeParse(bytes, found);
    return size.success && size.data >= from && size.data <= to ? size.data : undefined;
  });
}

/** `192.0.2.0/24`, `2001:db8::/32`, or one address. */
const network = textWhere('a network', found => {
  const [address = '', prefix = '', ...more] = found.split('/');
  if (more.length > 0 || (found.includes('/') && !/^\d{1,3}$/.test(prefix))) return false;
  const octets = address.split('.');
  if (octets.length === 4 && octets.every(octet => /^\d{1,3}$/.test(octet) && Number(octet) < 256)) {
    return Number(prefix) <= 32;
  }
  // the parser of web addresses knows IPv6, and node:net would be loaded by every tool
  return /^[0-9A-Fa-f:.]+$/.test(address) && URL.canParse(`http://[${address}]/`) && Number(prefix) <= 128;
});

/** Root of UIDs we make: digits and dots, ends with a dot, leaves room for 40 digits. */
export const uidPrefix = textWhere(
  'a UID prefix of at most 24 characters that ends with a dot',
  found => found.length <= 24 && /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*\.$/.test(found),
);

/** An address with `https`, or `http` (whether that is allowed is another key). */
export const httpUrl = textWhere('an address that begins with https://, without user and password', found => {
  const url = URL.canParse(found) ? new URL(found) : undefined;
  return (url?.protocol === 'https:' || url?.protocol === 'http:') && url.username === '' && url.password === '';
});

export const mailAddress = textWhere('a mail address', found => /^[^\s@<>"]+@[^\s@<>"]+$/.test(found));

/** A list of which every element satisfies the given type. */
export function listOf<T>(element: Value<T>, plural: string): Value<T[]> {
  return value(`a list of ${plural}`, found => {
    if (!Array.isArray(found)) return undefined;
    const read: T[] = [];
    for (const item of found) {
      const result = z.safeParse(element, item);
      if (!result.success) return undefined;
      read.push(result.data);
    }
    return read;
  });
}

const nonEmptyText = textWhere('a text', found => found !== '' && !found.includes('\0'));
export const texts = listOf(nonEmptyText, 'texts');
export const paths = listOf(absolutePath, 'absolute paths');
export const hosts = listOf(host, 'host names or addresses');
export const aeTitles = listOf(aeTitle, 'AE titles');
export const networks = listOf(network, 'networks like "192.0.2.0/24" or "2001:db8::/32", or single addresses');

/** A program with its arguments, run without a shell. */
export const command = value('a list of arguments, the program first (no shell, never one text)', found => {
  const result = z.safeParse(texts, found);
  return result.success && result.data.length > 0 ? result.data : undefined;
});

/** Values by name, all of the same type. */
export function mapOf<T>(element: Value<T>, plural: string): Value<Record<string, T>> {
  return value(`an object of ${plural}`, found => {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
    const read: [string, T][] = [];
    for (const [name, item] of Object.entries(found)) {
      const result = z.safeParse(element, item);
      if (!result.success) return undefined;
      read.push([name, result.data]);
    }
    return Object.fromEntries(read);
  });
}
