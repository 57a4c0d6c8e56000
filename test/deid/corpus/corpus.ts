import {deflateRawSync} from 'node:zlib';
import {explicitLittleEndian, type TransferSyntax, transferSyntaxes} from '@fiona/lib/dicom/transferSyntax';
import {encodeElement, encodeElementHeader, type NewElement} from '@fiona/lib/dicom/write';
import {plantBytes, plantImages, plantPrivate, plantUnknown} from './hiddenPlaces.ts';
import {InstanceBuilder} from './instanceBuilder.ts';
import {type Kind, sentKinds, setAsideKinds} from './kinds.ts';
import {fitted} from './marked.ts';
import {encapsulate, jpeg2000Stream, jpegStream, rleStream, type Stream} from './pixelStreams.ts';
import {plantPatient, plantResearch, plantTable, plantText} from './places.ts';
import {Plants} from './plants.ts';
import {Random} from './random.ts';
import {scripts} from './scripts.ts';

/** One file of the corpus with all that is planted in it. */
export interface CorpusInstance {
  readonly name: string;
  readonly kind: Kind;
  readonly syntax: TransferSyntax;
  readonly file: Buffer;
  readonly plants: Plants;
  /** Stretches of the pixel data that make the image, one after the other: they stay. */
  readonly picture: readonly Buffer[];
}

const base = '1.2.840.10008.1.2';
const plainSyntaxes = [base, `${base}.1`, `${base}.2`, `${base}.1.99`];
const jpegProcesses = Array.from({length: 17}, (_, index) => String(50 + index));
const codedSyntaxes = [
  ...[...jpegProcesses, '70', '80', '81', '90', '91', '92', '93', '201', '202', '203'].map(end => `${base}.4.${end}`),
  `${base}.5`,
  `${base}.1.98`,
];
const setAsideEvery = 15;
const undefinedLength = 0xffff_ffff;

/** The instance with this number: the same bytes for the same seed. */
export function makeInstance(seed: number, index: number): CorpusInstance {
  const isSetAside = index % setAsideEvery === setAsideEvery - 1;
  const kind = isSetAside ? cyclic(setAsideKinds, Math.floor(index / setAsideEvery)) : cyclic(sentKinds, index);
  return makeInstanceOf(kind, seed, index);
}

/** An instance of this kind, in the character set and transfer syntax whose turn it is. */
export function makeInstanceOf(kind: Kind, seed: number, index: number): CorpusInstance {
  const random = new Random(seed * 1_000_003 + index * 7919);
  const plants = new Plants(random, cyclic(scripts, index));
  const round = Math.floor(index / sentKinds.length);
  // every other image is compressed, each time round the kinds the other ones
  const isCoded = kind.pixels && (index + round) % 2 === 1;
  const syntax = syntaxOf(cyclic(kind.syntaxes ?? (isCoded ? codedSyntaxes : plainSyntaxes), index + 5 * round));
  const b = new InstanceBuilder(plants, syntax);
  const sopInstanceUid = plants.at(20).uid();
  addIdentity(b, kind, sopInstanceUid);
  kind.content?.(b);
  const image = kind.pixels ? addImage(b) : undefined;
  if (random.chance(0.5)) plantResearch(b);
  plantPatient(b);
  plantText(b);
  plantTable(b, index);
  if (random.chance(0.7)) plantPrivate(b);
  if (random.chance(0.7)) plantUnknown(b);
  if (random.chance(0.7)) plantImages(b);
  // the pixels of an image that is elsewhere are behind a link
  const hasPixels = image !== undefined && kind.setAside !== 'bad-pixel-data';
  plantBytes(b, hasPixels);
  const {pixels, picture} = hasPixels ? pixelData(b.at(21), image) : nothing;
  const dataSet = Buffer.concat([b.dataSet(pixels), b.behind]);
  const body = syntax.deflated ? Buffer.concat([deflateRawSync(dataSet), plants.bytes()]) : dataSet;
  const file = Buffer.concat([b.preamble, Buffer.from('DICM'), fileMeta(b, kind, sopInstanceUid), body]);
  return {
    name: `${seed}/${index} ${kind.name} ${syntax.name} ${plants.script.name}`,
    kind,
    syntax,
    file,
    plants,
    picture,
  };
}

function cyclic<T>(list: readonly T[], index: number): T {
  const one = list[index % list.length];
  if (one === undefined) throw new RangeError('an empty list');
  return one;
}

function syntaxOf(uid: string): TransferSyntax {
  const syntax = transferSyntaxes.get(uid);
  if (syntax === undefined) throw new RangeError(`no transfer syntax ${uid}`);
  return syntax;
}

function addIdentity(b: InstanceBuilder, kind: Kind, sopInstanceUid: string): void {
  const {script} = b.plants;
  if (script.terms.length > 0) b.add(b.ascii(0x0008_0005, 'CS', script.terms.join('\\')));
  else if (b.plants.random.chance(0.3)) b.add(b.ascii(0x0008_0005, 'CS', b.plants.at(25).word()));
  b.add(
    b.ascii(0x0008_0016, 'UI', kind.sopClassUid),
    b.ascii(0x0008_0018, 'UI', sopInstanceUid),
    b.ascii(0x0008_0060, 'CS', kind.modality),
    b.ascii(0x0020_000d, 'UI', b.plants.uid()),
    b.ascii(0x0020_000e, 'UI', b.plants.uid()),
    b.ascii(0x0020_0052, 'UI', b.plants.uid()),
  );
}

interface Image {
  readonly frames: number;
  /** Samples with overlays in the bits that they leave free, or undefined for images of one byte a sample. */
  readonly overlaid: Buffer | undefined;
}

/** What the header says of an image of 8 x 8 samples of one byte, or of 16 x 16 of 12 bits with texts in the other four. */
function addImage(b: InstanceBuilder): Image {
  const frames = b.plants.random.pick([1, 1, 2, 3]);
  const overlaid = !b.syntax.encapsulated && b.plants.random.chance(0.3) ? overlaidSamples(b, frames) : undefined;
  const [side, bits, stored] = overlaid === undefined ? [8, 8, 8] : [16, 16, 12];
  b.add(
    b.number(0x0028_0002, 'US', 1),
    b.ascii(0x0028_0004, 'CS', 'MONOCHROME2'),
    b.number(0x0028_0010, 'US', side),
    b.number(0x0028_0011, 'US', side),
    b.number(0x0028_0100, 'US', bits),
    b.number(0x0028_0101, 'US', stored),
    b.number(0x0028_0102, 'US', stored - 1),
    b.number(0x0028_0103, 'US', 0),
    b.ascii(0x0028_0008, 'IS', String(frames)),
    b.ascii(0x0028_0301, 'CS', 'NO'),
    b.ascii(0x0008_0008, 'CS', 'ORIGINAL\\PRIMARY'),
    b.ascii(0x0008_0064, 'CS', ''),
  );
  return {frames, overlaid};
}

/** Samples of 12 bits; each plane of the other bits holds a name, one bit a sample, as an overlay that a scanner drew (PS3.3 C.9.2, retired). */
function overlaidSamples(b: InstanceBuilder, frames: number): Buffer {
  const {plants} = b.at(14);
  const samples = Buffer.alloc(frames * 512);
  const planes = [12, 13, 14, 15].map(bit => ({bit, text: Buffer.from(`${plants.word()}  ${plants.id()}`)}));
  for (let at = 0; at * 2 < samples.length; at++) {
    let cell = 0x0123 + (at & 0xff);
    for (const {bit, text} of planes) {
      const inFrame = at % 256;
      if (((text[inFrame >> 3] ?? 0) >> (inFrame & 7)) & 1) cell += 2 ** bit;
    }
    if (b.encoding.littleEndian) samples.writeUInt16LE(cell, at * 2);
    else samples.writeUInt16BE(cell, at * 2);
  }
  for (const [index, {bit}] of planes.entries()) {
    const group = (0x6010 + 2 * index) * 0x10000;
    b.add(b.number(group + 0x100, 'US', 16), b.number(group + 0x102, 'US', bit), b.number(group + 0x10, 'US', 16));
  }
  return samples;
}

interface Pixels {
  readonly pixels: Buffer | undefined;
  readonly picture: readonly Buffer[];
}

const nothing: Pixels = {pixels: undefined, picture: []};

function pixelData(b: InstanceBuilder, {frames, overlaid}: Image): Pixels {
  const {plants, syntax} = b;
  if (!syntax.encapsulated) {
    const excess = plants.random.chance(0.3) ? plants.bytes() : Buffer.alloc(0);
    const samples = overlaid ?? Buffer.alloc(64 * frames, 5);
    const value = fitted(Buffer.concat([samples, excess]), 'OW');
    const element: NewElement = {tag: 0x7fe0_0010, vr: 'OW', value};
    return {
      pixels: encodeElement(element, b.encoding),
      picture: [overlaid === undefined ? samples : uncovered(b, samples)],
    };
  }
  const streams = Array.from({length: frames}, () => codedFrame(plants, syntax.uid));
  const items = encapsulate(
    plants,
    streams.map(({bytes}) => bytes),
  );
  const pixels = Buffer.concat([encodeElementHeader(0x7fe0_0010, 'OB', undefinedLength, b.encoding), items]);
  return {pixels, picture: streams.flatMap(({picture}) => picture)};
}

function codedFrame(plants: Plants, uid: string): Stream {
  if (uid === `${base}.5`) return rleStream(plants);
  if (uid === `${base}.1.98`) {
    const samples = Buffer.alloc(64, 5);
    return {
      bytes: Buffer.concat([samples, plants.random.chance(0.5) ? plants.bytes() : Buffer.alloc(0)]),
      picture: [samples],
    };
  }
  const number = Number(uid.split('.').at(-1));
  return number >= 90 ? jpeg2000Stream(plants) : jpegStream(plants, number === 80 || number === 81);
}

/** The samples of 12 bits without what the other bits hold. */
function uncovered({encoding}: InstanceBuilder, samples: Buffer): Buffer {
  const clean = Buffer.from(samples);
  for (let at = encoding.littleEndian ? 1 : 0; at < clean.length; at += 2) clean[at] = (clean[at] ?? 0) & 0x0f;
  return clean;
}

/** Group 0002 with everything that a sender can put there. */
function fileMeta(b: InstanceBuilder, kind: Kind, sopInstanceUid: string): Buffer {
  const {plants} = b.at(9);
  const elements: NewElement[] = [
    {tag: 0x0002_0001, vr: 'OB', value: Buffer.from([0, 1])},
    b.ascii(0x0002_0002, 'UI', kind.sopClassUid),
    b.ascii(0x0002_0003, 'UI', sopInstanceUid),
    b.ascii(0x0002_0010, 'UI', b.syntax.uid),
    b.ascii(0x0002_0012, 'UI', plants.uid()),
    b.ascii(0x0002_0013, 'SH', plants.word()),
    b.ascii(0x0002_0016, 'AE', plants.word()),
    b.ascii(0x0002_0017, 'AE', plants.word()),
    b.ascii(0x0002_0018, 'AE', plants.word()),
    b.ascii(0x0002_0100, 'UI', plants.uid()),
    {tag: 0x0002_0102, vr: 'OB', value: plants.bytes()},
  ];
  const group = Buffer.concat(elements.map(element => encodeElement(element, explicitLittleEndian)));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(group.length);
  return Buffer.concat([encodeElement({tag: 0x0002_0000, vr: 'UL', value: length}, explicitLittleEndian), group]);
}
