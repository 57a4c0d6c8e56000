import type {DataSet} from '../dicom/dataSet.ts';

/** Longer elements are rare or differ from instance to instance: remembering them costs more than it saves. */
const longestRemembered = 4096;
const mostRemembered = 20_000;

/** The bytes of each element of a root, header and value, as a text to remember it by; undefined for those not to be remembered. */
export function textsOfElements(root: DataSet): (string | undefined)[] {
  return root.elements.map(({start, end, outside, fragments}) => {
    const isCopied = outside !== undefined || fragments !== undefined;
    return isCopied || end - start > longestRemembered ? undefined : root.bytes.toString('latin1', start, end);
  });
}

/** What was found out about elements, by their bytes; when there are too many, all are forgotten. */
export class ElementMemory<Known> {
  readonly #known = new Map<string, Known>();

  get(text: string): Known | undefined {
    return this.#known.get(text);
  }

  set(text: string, known: Known): void {
    if (this.#known.size >= mostRemembered) this.#known.clear();
    this.#known.set(text, known);
  }
}
