import type {Tag} from '@fiona/lib/dicom/tag';
import {type Encoding, implicitLittleEndian, type TransferSyntax} from '@fiona/lib/dicom/transferSyntax';
import type {Vr} from '@fiona/lib/dicom/vr';
import {encodeDataSet, encodeElement, encodeItemHeader, type NewElement, numberElement} from '@fiona/lib/dicom/write';
import type {Plants} from './plants.ts';

export type ValueVr = Exclude<Vr, 'SQ'>;

const itemTag = 0xfffe_e000;

/** What goes into one instance: elements of the root, and places in which things are planted. */
export class InstanceBuilder {
  readonly elements: NewElement[] = [];
  /** Elements whose bytes are ready. */
  readonly raw: {tag: Tag; bytes: Buffer}[] = [];
  readonly plants: Plants;
  readonly syntax: TransferSyntax;
  /** Bytes behind the data set. */
  behind = Buffer.alloc(0);
  preamble = Buffer.alloc(128);
  metaPlants = false;
  outOfOrder = false;

  constructor(plants: Plants, syntax: TransferSyntax) {
    this.plants = plants;
    this.syntax = syntax;
  }

  get encoding(): Encoding {
    return this.syntax.encoding;
  }

  /** Puts an element at the root; nothing there twice unless `again`. */
  add(...elements: readonly NewElement[]): this {
    for (const element of elements) if (!this.has(element.tag)) this.elements.push(element);
    return this;
  }

  addAgain(element: NewElement): this {
    this.elements.push(element);
    return this;
  }

  has(tag: Tag): boolean {
    return this.elements.some(element => element.tag === tag);
  }

  /** What is planted from now on counts for this row of the list of hiding places. */
  at(row: number): this {
    this.plants.at(row);
    return this;
  }

  /** Text in Latin letters. */
  ascii(tag: Tag, vr: ValueVr, text: string): NewElement {
    return {tag, vr, value: Buffer.from(text, 'latin1')};
  }

  /** Text in the character set of the instance. */
  text(tag: Tag, vr: ValueVr, text: string): NewElement {
    return {tag, vr, value: this.plants.encode(text, vr === 'PN')};
  }

  number(tag: Tag, vr: ValueVr, ...numbers: number[]): NewElement {
    return numberElement(tag, vr, numbers, this.encoding.littleEndian);
  }

  sequence(tag: Tag, ...items: (readonly NewElement[])[]): NewElement {
    return {tag, vr: 'SQ', items, undefinedLength: this.plants.random.chance(0.4)};
  }

  code(value: string, scheme: string, meaning: string): NewElement[] {
    return [
      this.ascii(0x0008_0100, 'SH', value),
      this.ascii(0x0008_0102, 'SH', scheme),
      this.text(0x0008_0104, 'LO', meaning),
    ];
  }

  /** Items as a value of VR UN: implicit little endian whatever the instance is (PS3.5 6.2.2). */
  unknownSequence(tag: Tag, ...items: (readonly NewElement[])[]): NewElement {
    const value = Buffer.concat(
      items.flatMap(elements => {
        const bytes = encodeDataSet(elements, implicitLittleEndian);
        return [encodeItemHeader(itemTag, bytes.length, true), bytes];
      }),
    );
    return {tag, vr: 'UN', value};
  }

  /** The data set: sorted, unless the instance is to come out of order. */
  dataSet(pixels: Buffer | undefined): Buffer {
    const encoded = this.elements.map(element => ({tag: element.tag, bytes: encodeElement(element, this.encoding)}));
    const all = [...encoded, ...this.raw].toSorted((a, b) => a.tag - b.tag);
    if (pixels !== undefined) {
      const at = all.findIndex(({tag}) => tag > 0x7fe0_0010);
      all.splice(at < 0 ? all.length : at, 0, {tag: 0x7fe0_0010, bytes: pixels});
    }
    if (this.outOfOrder) {
      // the last element before the pixels comes first of its neighbours
      const last = all.findLastIndex(({tag}) => tag < 0x7fe0_0000);
      const [moved] = all.splice(last, 1);
      if (moved !== undefined) all.splice(Math.floor(all.length / 2), 0, moved);
    }
    return Buffer.concat(all.map(({bytes}) => bytes));
  }
}
