import type {DataSet, Element} from '../dicom/dataSet.ts';
import {isPrivateCreator, privateCreatorTag, type Tag} from '../dicom/tag.ts';
import type {SafeElement, SafePrivate} from './profile/safePrivate.ts';
import {canonicalValue} from './uid.ts';

interface Block {
  readonly creator: string;
  readonly elements: Element[];
  used: boolean;
}

/** The private blocks of one data set or item: which creator owns which, and which still own anything. */
export class PrivateBlocks {
  readonly #blocks = new Map<Tag, Block>();
  readonly #safe: SafePrivate;

  constructor(holder: DataSet, safe: SafePrivate) {
    this.#safe = safe;
    for (const element of holder.elements) {
      if (!isPrivateCreator(element.tag)) continue;
      const creator = canonicalValue(holder.bytes.toString('latin1', element.valueStart, element.valueEnd));
      const block = this.#blocks.get(element.tag);
      // two creators for one block: nobody can tell whose an element is
      if (block === undefined) this.#blocks.set(element.tag, {creator, elements: [element], used: false});
      else
        this.#blocks.set(element.tag, {
          creator: block.creator === creator ? creator : '',
          elements: [...block.elements, element],
          used: false,
        });
    }
  }

  /** The safe element that a private element is, with its creator, or undefined. */
  find(tag: Tag): (SafeElement & {creator: string}) | undefined {
    const block = this.#blocks.get(privateCreatorTag(tag));
    if (block === undefined) return undefined;
    const safe = this.#safe.find(block.creator, tag);
    return safe === undefined ? undefined : {...safe, creator: block.creator};
  }

  /** Notes that an element of this block stays, so its creator stays too. */
  use(tag: Tag): void {
    const block = this.#blocks.get(privateCreatorTag(tag));
    if (block !== undefined) block.used = true;
  }

  /** Creator elements, and whether each still owns something; only the first one of a block can stay. */
  creators(): {element: Element; stays: boolean; creator: string}[] {
    return [...this.#blocks.values()].flatMap(({elements, used, creator}) =>
      elements.map((element, index) => ({element, stays: used && index === 0, creator})),
    );
  }
}
