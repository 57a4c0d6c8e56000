const headerLength = 128;
const tableEntryLength = 12;
const mostTags = 200;
/** Tags of an ICC profile that hold numbers only; everything else may hold text (ICC.1 9.2). */
const numericTags = new Set(
  'rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC wtpt bkpt lumi chad chrm gamt A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 pre0 pre1 pre2 meas view tech'.split(
    ' ',
  ),
);
/** Types of numeric tags (ICC.1 10); what says to be colours and is of another type is not. */
const numericTypes = new Set('XYZ |curv|para|sf32|mft1|mft2|mAB |mBA |view|meas|sig '.split('|'));
/** Types of tags that hold text (ICC.1 10). */
const textTypes = new Set(['desc', 'text', 'mluc', 'dict', 'sig ']);
/** Parts of the header that identify who made the profile and when: creation time, maker, model, creator, profile id, reserved bytes. */
const identifyingHeader: readonly (readonly [from: number, to: number])[] = [
  [24, 36],
  [48, 56],
  [80, 128],
];

/**
 * A copy of an ICC profile in which everything is zero but header, tag table and numeric tags: colours stay right, texts
 * (description, copyright, maker's names) and gaps between the tags are gone.
 * @returns undefined when the bytes are no profile
 */
export function numericIccProfile(bytes: Buffer): Buffer | undefined {
  if (bytes.length < headerLength + 4 || bytes.toString('latin1', 36, 40) !== 'acsp') return undefined;
  const count = bytes.readUInt32BE(headerLength);
  const tableEnd = headerLength + 4 + count * tableEntryLength;
  if (count > mostTags || tableEnd > bytes.length) return undefined;
  const clean = Buffer.alloc(bytes.length);
  bytes.copy(clean, 0, 0, tableEnd);
  for (const [from, to] of identifyingHeader) clean.fill(0, from, to);
  for (let index = 0; index < count; index++) {
    const at = headerLength + 4 + index * tableEntryLength;
    const offset = bytes.readUInt32BE(at + 4);
    const size = bytes.readUInt32BE(at + 8);
    if (offset < tableEnd || offset + size > bytes.length) return undefined;
    // of a text its type stays, so that the tag is still one: a text without characters
    const type = bytes.toString('latin1', offset, offset + 4);
    const isNumeric = numericTags.has(bytes.toString('latin1', at, at + 4)) && numericTypes.has(type);
    const isText = textTypes.has(type);
    const kept = isNumeric ? size : isText ? Math.min(size, 4) : 0;
    bytes.copy(clean, offset, offset, offset + kept);
  }
  return clean;
}
