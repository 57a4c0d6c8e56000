import type {Tag} from '../../dicom/tag.ts';
import {isVr, type Vr} from '../../dicom/vr.ts';
import {DeidError} from '../deidError.ts';
import {safePrivateRows} from './safePrivateRows.ts';

/** VRs of safe private elements that are on by default: numbers and codes, whose values can be checked. */
const checkable: ReadonlySet<string> = new Set(['US', 'SS', 'UL', 'SL', 'FL', 'FD', 'AT', 'DS', 'IS', 'CS']);

/** A safe private element. */
export interface SafeElement {
  /** Undefined where neither standard nor site names one. */
  readonly vr: Vr | undefined;
  /** An element with more values is another one. */
  readonly mostValues: number;
}

const anyElement: SafeElement = {vr: undefined, mostValues: Number.POSITIVE_INFINITY};

/** Private elements that may stay: creator -> group and element number within the block -> VR. */
export class SafePrivate {
  readonly #byCreator = new Map<string, Map<number, SafeElement>>();

  /**
   * @param siteElements `creator|gggg,ee`: further elements, and those of the standard's table that are off by default
   * @throws DeidError
   */
  constructor(siteElements: readonly string[] = []) {
    const listed = new Map<string, SafeElement>();
    for (const [creator, group, elements] of safePrivateRows) {
      for (const [vr, numbers] of Object.entries(elements)) {
        for (const text of numbers.split(' ')) {
          const [number = '', most = '1'] = text.split('*');
          const key = keyOf(group, Number.parseInt(number, 16));
          const known: SafeElement = {
            vr: isVr(vr) ? vr : undefined,
            mostValues: most === 'n' ? Number.POSITIVE_INFINITY : Number(most),
          };
          listed.set(`${creator}|${key}`, known);
          if (checkable.has(vr)) this.#add(creator, key, known);
        }
      }
    }
    for (const text of siteElements) {
      const {creator, key} = parseSiteElement(text);
      this.#add(creator, key, listed.get(`${creator}|${key}`) ?? anyElement);
    }
  }

  /** The safe element that a private tag names in the block of a creator, or undefined: then it goes. */
  find(creator: string, tag: Tag): SafeElement | undefined {
    return this.#byCreator.get(creator)?.get(keyOf(tag >>> 16, tag & 0xff));
  }

  /** True when the creator has safe elements: only then its text, which may hold anything, may stay. */
  knows(creator: string): boolean {
    return this.#byCreator.has(creator);
  }

  #add(creator: string, key: number, element: SafeElement): void {
    const elements = this.#byCreator.get(creator) ?? new Map<number, SafeElement>();
    elements.set(key, element);
    this.#byCreator.set(creator, elements);
  }
}

function keyOf(group: number, number: number): number {
  return group * 0x100 + number;
}

function parseSiteElement(text: string): {creator: string; key: number} {
  const match = /^([^|]+)\|([0-9A-Fa-f]{3}[13579BDFbdf]),(?:xx)?([0-9A-Fa-f]{2})$/.exec(text);
  if (match?.[1] === undefined) {
    throw new DeidError('safePrivate', 'ANONYMIZER.safePrivate: expected "creator|gggg,ee" with an odd group');
  }
  return {creator: match[1], key: keyOf(Number.parseInt(match[2] ?? '', 16), Number.parseInt(match[3] ?? '', 16))};
}
