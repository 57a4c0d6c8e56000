import type {Tag} from '../dicom/tag.ts';
import type {Decision} from './decision.ts';
import type {Action} from './profile/profileRow.ts';

/** The slices of a series share their descriptions: what was decided about a value holds for the next instance too. */
export class DecisionCache {
  readonly #limit: number;
  #size = 0;
  readonly #byTag = new Map<number, Map<string, Decision>>();
  readonly #actions = new Map<Action, number>();

  /** @param limit values remembered; beyond it all are forgotten */
  constructor(limit = 50_000) {
    this.#limit = limit;
  }

  get(tag: Tag, action: Action, publicCode: boolean, raw: string): Decision | undefined {
    return this.#byTag.get(this.#key(tag, action, publicCode))?.get(raw);
  }

  set(tag: Tag, action: Action, publicCode: boolean, raw: string, decision: Decision): void {
    if (this.#size >= this.#limit) {
      this.#byTag.clear();
      this.#size = 0;
    }
    const key = this.#key(tag, action, publicCode);
    const known = this.#byTag.get(key) ?? new Map<string, Decision>();
    known.set(raw, decision);
    this.#byTag.set(key, known);
    this.#size++;
  }

  /** The same value may be judged otherwise in another place: tag, action and kind of code together. */
  #key(tag: Tag, action: Action, publicCode: boolean): number {
    let number = this.#actions.get(action);
    if (number === undefined) {
      number = this.#actions.size;
      this.#actions.set(action, number);
    }
    return tag * 128 + number * 2 + (publicCode ? 1 : 0);
  }
}
