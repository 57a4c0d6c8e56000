import {type CharacterSet, defaultCharacterSet} from '../dicom/charset.ts';
import {type DataSet, itemsOf} from '../dicom/dataSet.ts';
import type {Tag} from '../dicom/tag.ts';
import type {Encoding} from '../dicom/transferSyntax.ts';
import {strings} from '../dicom/values.ts';
import {textElement} from '../dicom/write.ts';
import {piecesOf} from './assemble.ts';
import type {Piece} from './cleanRoot.ts';
import {itemTags} from './profile/codes.ts';
import {rootTags} from './profile/rootTags.ts';
import type {DeidRequest} from './request.ts';
import {lastingCodes, stampElements} from './stamp.ts';

/** Elements that every instance gets, as they are written. */
export interface Stamps {
  readonly tags: ReadonlySet<Tag>;
  readonly pieces: readonly Piece[];
}

/** Makes the stamps of instances in one encoding and character set, once for each set of codes that stay. */
export class Stamper {
  readonly #request: DeidRequest;
  readonly #arePixelsCleaned: boolean;
  readonly #own: CharacterSet;
  readonly #writeAs: CharacterSet | undefined;
  readonly #encoding: Encoding;
  readonly #made = new Map<string, Stamps>();

  /**
   * @param own character set of the instances
   * @param writeAs the one in which their texts are written instead, which is then stamped too
   */
  constructor(
    request: DeidRequest,
    arePixelsCleaned: boolean,
    own: CharacterSet,
    writeAs: CharacterSet | undefined,
    encoding: Encoding,
  ) {
    this.#request = request;
    this.#arePixelsCleaned = arePixelsCleaned;
    this.#own = own;
    this.#writeAs = writeAs;
    this.#encoding = encoding;
  }

  stampsFor(root: DataSet): Stamps {
    const earlier = itemsOf(root, rootTags.methodCodeSequence)
      .map(item => strings(item, itemTags.codeValue)?.[0] ?? '')
      .filter(code => lastingCodes.has(code));
    const key = earlier.join(' ');
    const stamps = this.#made.get(key) ?? this.#make(new Set(earlier));
    this.#made.set(key, stamps);
    return stamps;
  }

  #make(earlier: ReadonlySet<string>): Stamps {
    const set = this.#writeAs ?? (this.#own.known ? this.#own : defaultCharacterSet);
    const elements = stampElements(this.#request, set, this.#arePixelsCleaned, earlier);
    if (this.#writeAs !== undefined)
      elements.push(textElement(rootTags.specificCharacterSet, 'CS', this.#writeAs.terms.join('\\')));
    return {tags: new Set(elements.map(({tag}) => tag)), pieces: piecesOf(elements, this.#encoding)};
  }
}
