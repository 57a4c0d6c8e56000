import {makeTag, type Tag} from '../dicom/tag.ts';

/** What a condition looks at: a key of the series summary or keyword, or an element, perhaps one of its values. */
export type TagPath = {kind: 'name'; name: string} | {kind: 'element'; tag: Tag; index: number | undefined};

const namePattern = /^[A-Za-z][A-Za-z0-9_]*$/;
// hexadecimal with 0x, or decimal without leading zeros
const numberPattern = /^(0[xX][0-9a-fA-F]{1,8}|0|[1-9]\d{0,8})$/;
const largestIndex = 1_000_000;

/**
 * Reads `["Name"]`, `["0x18","0x24"]` or `["0x28","0x30","1"]` (the last with an index into the values, from 0).
 * @returns undefined when it is none of these
 */
export function parseTagPath(value: unknown): TagPath | undefined {
  if (!Array.isArray(value) || !value.every(part => typeof part === 'string')) return undefined;
  const parts = value as string[];
  if (parts.length === 1) return namePattern.test(parts[0] ?? '') ? {kind: 'name', name: parts[0] ?? ''} : undefined;
  if (parts.length !== 2 && parts.length !== 3) return undefined;
  const [group, element, index] = parts.map(part => (numberPattern.test(part) ? Number(part) : undefined));
  if (group === undefined || element === undefined || group > 0xffff || element > 0xffff) return undefined;
  if (parts.length === 3 && (index === undefined || index > largestIndex)) return undefined;
  return {kind: 'element', tag: makeTag(group, element), index};
}
