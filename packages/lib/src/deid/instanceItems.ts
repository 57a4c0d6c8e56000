import type {DataSet, Element, Item} from '../dicom/dataSet.ts';
import {trySequence} from '../dicom/scan.ts';
import type {Profile} from './profile/profile.ts';

/** Finds the items of elements, also of those whose sequence hides in a value of VR UN (PS3.5 6.2.2). Remembers what it found. */
export class InstanceItems {
  readonly #profile: Profile;
  readonly #maxDepth: number;
  readonly #hidden = new Map<Element, readonly Item[] | undefined>();

  constructor(profile: Profile, maxDepth: number) {
    this.#profile = profile;
    this.#maxDepth = maxDepth;
  }

  /** Items of a public element, or undefined when it is no sequence. */
  of(holder: DataSet, element: Element): readonly Item[] | undefined {
    if (element.items !== undefined) return element.items;
    if (element.vr !== 'UN' || this.#profile.ruleOf(element.tag).vr !== 'SQ') return undefined;
    return this.hidden(holder, element);
  }

  /** Items in a value of defined length that says to be no sequence. */
  hidden(holder: DataSet, element: Element): readonly Item[] | undefined {
    if (this.#hidden.has(element)) return this.#hidden.get(element);
    const items = trySequence(holder, element, {maxDepth: this.#maxDepth});
    this.#hidden.set(element, items);
    return items;
  }
}
