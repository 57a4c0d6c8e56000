import {dictionaryVr} from '@fiona/lib/dicom/dictionary';
import type {Tag} from '@fiona/lib/dicom/tag';

/**
 * Attribute matching of C-FIND (PS3.4 C.2.2.2): universal, single value, UID list, wild card, range. `values` are those of the
 * entity; one that matches is enough.
 */
export function matchesKey(tag: Tag, key: string, values: readonly string[]): boolean {
  if (key === '' || key === '*') return true;
  const vr = dictionaryVr(tag);
  if (vr === 'UI') return key.split('\\').some(wanted => values.includes(wanted));
  if (vr === 'DA' || vr === 'TM') return values.some(value => inRange(vr, key, value));
  const foldCase = vr === 'PN';
  const pattern = wildcard(foldCase ? key.toLowerCase() : key);
  return values.some(value => pattern(foldCase ? value.toLowerCase() : value));
}

/** PS3.4 C.2.2.2.5: `a-b`, `a-`, `-b`, or one date or time. Comparison by the digits both have. */
function inRange(vr: 'DA' | 'TM', key: string, value: string): boolean {
  if (value === '') return false;
  const normal = vr === 'DA' ? value.replaceAll('.', '') : value;
  const dash = key.indexOf('-');
  if (dash === -1) return normal === key || (vr === 'TM' && normal.startsWith(key));
  const from = key.slice(0, dash);
  const to = key.slice(dash + 1);
  return (from === '' || normal >= from) && (to === '' || normal.slice(0, to.length) <= to);
}

/** `*` is any text, `?` any one character; compared without regular expressions, in time length × length. */
function wildcard(pattern: string): (text: string) => boolean {
  if (!/[*?]/.test(pattern)) return text => text === pattern;
  return text => {
    let reachable = new Set([0]);
    for (const sign of pattern) {
      const next = new Set<number>();
      for (const at of reachable) {
        if (sign === '*') for (let end = at; end <= text.length; end++) next.add(end);
        else if (at < text.length && (sign === '?' || text[at] === sign)) next.add(at + 1);
      }
      reachable = next;
    }
    return reachable.has(text.length);
  };
}
