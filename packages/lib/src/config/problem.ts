/** One thing wrong with the configuration. */
export interface Problem {
  /** `missing` in a section the tool does not use is nobody's problem; `notice` never stops a tool. */
  kind: 'wrong' | 'missing' | 'unknown' | 'notice';
  path: readonly string[];
  /** The rest of the sentence after the key, when it is not "found …, expected …". */
  text?: string;
  expected?: string;
}

/** A key as it stands in messages: `RECEIVER.idleSeconds`, `ANONYMIZER.projects."QC - X".uidStyle`. */
export function showPath(path: readonly string[]): string {
  return path.map(name => (/^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name))).join('.');
}

/** The value at a path, undefined when any step is missing. */
export function valueAt(root: unknown, path: readonly string[]): unknown {
  let here = root;
  for (const name of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Record<string, unknown>)[name];
  }
  return here;
}

const longestShown = 80;

/** A found value as one may print it: short, on one line, without what may be a password. */
export function showFound(found: unknown): string {
  if (found === undefined) return 'nothing';
  if (Array.isArray(found)) return found.length === 0 ? 'an empty list' : showShort(found);
  if (typeof found === 'object' && found !== null) return 'an object';
  return showShort(found);
}

function showShort(found: unknown): string {
  const text = JSON.stringify(found).replaceAll(/\/\/[^/@"]*@/g, '//***@');
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}
