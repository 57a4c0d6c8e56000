import type {CharacterSet} from '../dicom/charset.ts';
import type {DataSet, Element} from '../dicom/dataSet.ts';
import {applyEdits, type Edits} from '../dicom/editor.ts';
import {isPixelData, isPrivate, type Tag} from '../dicom/tag.ts';
import {quarantine} from './outcome.ts';
import {rootPlace} from './place.ts';
import {examine, type Sought} from './prove.ts';
import type {ElementMemory} from './rootElements.ts';
import type {Tally} from './tally.ts';
import {type WalkContext, Walker} from './walker.ts';

/** An element as it is written. */
export interface Piece {
  readonly tag: Tag;
  readonly bytes: Buffer;
}

interface Written {
  /** Empty when the element goes. */
  readonly bytes: Buffer;
  /** UIDs in these bytes: they are compared with the originals of every instance anew. */
  readonly uids: readonly string[];
}

/** What became of a public element of a root. */
export interface Settled extends Written {
  readonly tally: Tally;
}

export interface RootContext {
  /** Of the elements of the root. */
  readonly texts: readonly (string | undefined)[];
  readonly walk: WalkContext;
  /** Of instances that share everything a decision about one of their elements depends on. */
  readonly memory: ElementMemory<Settled>;
  readonly sought: Sought;
  /** Original UIDs of the instance. */
  readonly uids: ReadonlySet<string>;
  /** Of texts at the root as they are written. */
  readonly characterSet: CharacterSet;
}

/**
 * Decides about every element of a root but its pixel data, writes it, and proves that what is written holds neither an original UID
 * nor a known identifier. An element that an earlier instance had, byte for byte, is not decided again.
 * @returns what stays, in the order of the root, and what was done
 * @throws Halt
 */
export function cleanRoot(root: DataSet, context: RootContext): {pieces: Piece[]; tallies: Tally[]} {
  const pieces: Piece[] = [];
  // which private elements stay, and with them their creators, is decided together
  const privates = new Walker(context.walk);
  privates.walkPrivates(root, rootPlace);
  const tallies = [privates.tally];
  for (const [index, element] of root.elements.entries()) {
    const {tag} = element;
    if (isPixelData(tag)) continue;
    let settled: Written;
    if (isPrivate(tag)) settled = write(root, element, privates.edits, context);
    else {
      const known = settle(root, element, context.texts[index], context);
      tallies.push(known.tally);
      settled = known;
    }
    if (settled.uids.some(uid => context.uids.has(uid))) survived(tag);
    if (settled.bytes.length > 0) pieces.push({tag, bytes: settled.bytes});
  }
  return {pieces, tallies};
}

function settle(root: DataSet, element: Element, text: string | undefined, context: RootContext): Settled {
  const {walk, memory} = context;
  const known = text === undefined ? undefined : memory.get(text);
  if (known !== undefined) return known;
  const {layers} = walk.setting;
  const layersBefore = layers.asked;
  const walker = new Walker(walk);
  walker.walkPublic(root, element, rootPlace);
  const settled = {...write(root, element, walker.edits, context), tally: walker.tally};
  const isForAll = text !== undefined && layers.asked === layersBefore;
  // a copy: these bytes may be a stretch of the whole header
  if (isForAll) memory.set(text, {...settled, bytes: Buffer.from(settled.bytes)});
  return settled;
}

function write(root: DataSet, element: Element, edits: Edits, context: RootContext): Written {
  const alone: DataSet = {...root, elements: [element], ordered: true};
  const chunks = applyEdits(alone, edits, {sort: true});
  const bytes = joined(
    chunks.map(chunk => {
      if (!Buffer.isBuffer(chunk)) quarantine('too-large', 'a value beside the pixel data is too large');
      return chunk;
    }),
  );
  const {survivor, uids} = examine(bytes, root.encoding, context.characterSet, context.sought);
  if (survivor !== undefined) survived(survivor);
  return {bytes, uids};
}

function joined(buffers: readonly Buffer[]): Buffer {
  const [only] = buffers;
  return buffers.length === 1 && only !== undefined ? only : Buffer.concat(buffers);
}

function survived(tag: Tag): never {
  quarantine('identifier-survived', 'the output would hold a known identifier', {tag});
}
