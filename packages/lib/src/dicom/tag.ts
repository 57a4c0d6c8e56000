/** A data element tag as one unsigned number: group * 65536 + element. */
export type Tag = number;

/** Joins group and element number (both 0 to 0xFFFF). */
export function makeTag(group: number, element: number): Tag {
  return group * 0x10000 + element;
}

/** Group number of a tag. */
export function groupOf(tag: Tag): number {
  return tag >>> 16;
}

/** Element number of a tag within its group. */
export function elementOf(tag: Tag): number {
  return tag & 0xffff;
}

/** True for odd groups, those of private elements (PS3.5 7.8). */
export function isPrivate(tag: Tag): boolean {
  return (tag & 0x10000) !== 0;
}

/** True for (gggg,0010-00FF) of an odd group, which name the owner of a block (PS3.5 7.8.1). */
export function isPrivateCreator(tag: Tag): boolean {
  const element = elementOf(tag);
  return isPrivate(tag) && element >= 0x10 && element <= 0xff;
}

/** Tag of the creator element that owns a private element: (gggg,bbee) belongs to (gggg,00bb). */
export function privateCreatorTag(tag: Tag): Tag {
  return makeTag(groupOf(tag), elementOf(tag) >>> 8);
}

/** `(0010,0020)`: how a tag is written for people, hexadecimal digits in upper case. */
export function formatTag(tag: Tag): string {
  const hex = (number: number) => number.toString(16).toUpperCase().padStart(4, '0');
  return `(${hex(groupOf(tag))},${hex(elementOf(tag))})`;
}

const writtenTag = /^\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?$/;

/**
 * Reads `(0010,0020)`, `0010,0020` or `00100020`.
 * @returns undefined when the text is no tag
 */
export function parseTag(text: string): Tag | undefined {
  const match = writtenTag.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return makeTag(Number.parseInt(match[1], 16), Number.parseInt(match[2], 16));
}

/** Tags this library itself has to know; everything else comes from the dictionary. */
export const knownTag = {
  fileMetaGroupLength: 0x00020000,
  mediaStorageSopClassUid: 0x00020002,
  mediaStorageSopInstanceUid: 0x00020003,
  transferSyntaxUid: 0x00020010,
  specificCharacterSet: 0x00080005,
  sopClassUid: 0x00080016,
  sopInstanceUid: 0x00080018,
  bitsAllocated: 0x00280100,
  pixelRepresentation: 0x00280103,
  waveformBitsAllocated: 0x54001004,
  floatPixelData: 0x7fe00008,
  doubleFloatPixelData: 0x7fe00009,
  pixelData: 0x7fe00010,
  item: 0xfffee000,
  itemDelimiter: 0xfffee00d,
  sequenceDelimiter: 0xfffee0dd,
} as const;

/** True for the three elements that hold pixels: (7FE0,0008), (7FE0,0009), (7FE0,0010). */
export function isPixelData(tag: Tag): boolean {
  return tag === knownTag.pixelData || tag === knownTag.floatPixelData || tag === knownTag.doubleFloatPixelData;
}
