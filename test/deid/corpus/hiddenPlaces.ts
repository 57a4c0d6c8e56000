import type {NewElement} from '@fiona/lib/dicom/write';
import {encodeDataSet} from '@fiona/lib/dicom/write';
import type {InstanceBuilder, ValueVr} from './instanceBuilder.ts';
import {fitted, wrongVr} from './marked.ts';
import {iccProfile} from './pixelStreams.ts';
import {nest} from './places.ts';

/** Private blocks: unknown creators, safe ones with texts in number fields, whole data sets in bytes, private sequences. */
export function plantPrivate(b: InstanceBuilder): void {
  const {plants} = b.at(10);
  const {random} = plants;
  const word = () => plants.word();
  const inside = encodeDataSet(
    [b.text(0x0010_0010, 'PN', plants.name()), b.ascii(0x0010_0020, 'LO', plants.id())],
    b.encoding,
  );
  const block: NewElement[] = [
    b.ascii(0x0019_0010, 'LO', 'SIEMENS MR HEADER'),
    b.ascii(0x0019_100c, 'IS', random.chance(0.5) ? '1000' : word()),
    b.ascii(0x0019_100d, 'CS', word()),
    b.ascii(0x0019_1008, 'CS', word()),
    {
      tag: 0x0019_100e,
      vr: 'FD',
      value: random.chance(0.5) ? Buffer.alloc(24) : Buffer.from(`${word()}${word()}    `).subarray(0, 24),
    },
    b.ascii(0x0019_1027, 'LO', word()),
    b.ascii(0x0029_0010, 'LO', 'SIEMENS CSA HEADER'),
    {tag: 0x0029_1010, vr: 'OB', value: Buffer.concat([Buffer.from('SV10'), inside, plants.bytes()])},
    b.ascii(0x0009_0010, 'LO', word()),
    {tag: 0x0009_1001, vr: 'UN', value: inside.length % 2 === 0 ? inside : Buffer.concat([inside, Buffer.alloc(1)])},
    b.text(0x0009_1002, 'LO', plants.phrase()),
    b.ascii(0x2001_0010, 'LO', 'Philips Imaging DD 001'),
    {tag: 0x2001_1003, vr: 'FL', value: random.chance(0.5) ? Buffer.alloc(4) : Buffer.from(`${word()}  `)},
    b.ascii(0x2001_1006, 'LO', word()),
    b.sequence(0x2001_105f, [b.text(0x0010_0010, 'PN', plants.name())]),
    b.unknownSequence(0x2005_1402, [b.ascii(0x0010_0020, 'LO', plants.id())]),
    b.ascii(0x7053_0010, 'LO', 'Philips PET Private Group'),
    b.ascii(0x7053_1000, 'DS', random.chance(0.5) ? '1.25' : word()),
    b.ascii(0x0045_1001, 'LO', word()),
    b.ascii(0x0047_0001, 'LO', word()),
    b.ascii(0x0005_0010, 'LO', word()),
    b.ascii(0x0005_1001, 'SH', word()),
    b.ascii(0x00e1_0010, 'LO', ` ELSCINT1 ${word()}`),
    b.ascii(0x00e1_1021, 'DS', '2'),
    b.ascii(0x0033_0010, 'LO', 'MITRA OBJECT UTF8 ATTRIBUTES 1.0'),
    b.text(0x0033_1013, 'PN', plants.name()),
  ];
  const chosen = random.chance(0.3) ? nest(b, block, 1 + random.below(4)) : block;
  for (const element of chosen) b.addAgain(element);
}

/** Unknown tags, values of VR UN, VRs that are not the dictionary's, retired groups. */
export function plantUnknown(b: InstanceBuilder): void {
  const {plants} = b.at(11);
  b.add(
    b.ascii(0x0000_1000, 'UI', plants.uid()),
    b.ascii(0x0004_1511, 'UI', plants.uid()),
    b.ascii(0x0000_0600, 'AE', plants.word()),
    b.ascii(0x0004_1130, 'CS', plants.word()),
    b.ascii(0x0088_0999, 'LO', plants.word()),
    b.ascii(0x2030_0099, 'LO', plants.word()),
    b.ascii(0x4000_0099, 'LT', plants.word()),
    b.ascii(0x4008_0099, 'LT', plants.word()),
    b.ascii(0x0006_0001, 'LO', plants.word()),
    b.sequence(0x4ffe_0001, [b.text(0x0010_0010, 'PN', plants.name())]),
    {tag: 0x0010_1040, vr: 'UN', value: Buffer.from(`${plants.word()}  `)},
    {tag: 0x0020_3100, vr: 'LO', value: Buffer.from(plants.word())},
    {tag: 0x0088_0904, vr: 'LO', value: Buffer.from(plants.word())},
    {tag: 0x4000_4000, vr: 'LT', value: Buffer.from(plants.word())},
    {tag: 0x4008_010b, vr: 'ST', value: Buffer.from(plants.word())},
    {tag: 0x0008_7777, vr: 'UT', value: Buffer.from(plants.phrase())},
    {tag: 0x5678_1234, vr: 'UN', value: Buffer.from(`${plants.word()}  `)},
    {tag: 0x0038_0000, vr: 'LO', value: Buffer.from(plants.word())},
    b.unknownSequence(0x0008_1120, [b.ascii(0x0010_0020, 'LO', plants.id()), b.ascii(0x0008_1155, 'UI', plants.uid())]),
    b.unknownSequence(0x0008_2112, [
      b.ascii(0x0008_1155, 'UI', plants.uid()),
      b.ascii(0x0008_0022, 'DA', plants.date()),
      b.text(0x0008_103e, 'LO', plants.phrase()),
    ]),
  );
  for (const tag of plants.random.sample(
    [
      0x0018_9073, 0x0018_0081, 0x0028_1050, 0x0018_9087, 0x0018_0087, 0x0020_9157, 0x0018_1310, 0x0020_0037,
      0x0018_0022, 0x0008_0022,
    ],
    4,
  ))
    b.add(wrongVr(b, tag));
}

/** Overlays, curves, icons, images in sequences, colours with texts. */
export function plantImages(b: InstanceBuilder): void {
  const {plants} = b.at(14);
  b.add(
    {tag: 0x6000_3000, vr: 'OW', value: Buffer.from(`${plants.word()}${plants.word()}`)},
    b.text(0x6000_0022, 'LO', plants.phrase()),
    b.text(0x6002_1500, 'LO', plants.phrase()),
    b.text(0x6000_4000, 'LT', plants.phrase()),
  );
  b.at(15).add(
    {tag: 0x5000_3000, vr: 'OW', value: Buffer.from(`${plants.word()}${plants.word()}`)},
    b.text(0x5000_2500, 'LO', plants.phrase()),
    {tag: 0x5000_200c, vr: 'OW', value: fitted(plants.bytes(), 'OW')},
    b.text(0x5000_200e, 'LT', plants.phrase()),
  );
  const icon = () => [
    b.number(0x0028_0010, 'US', 8),
    b.number(0x0028_0011, 'US', 8),
    {tag: 0x7fe0_0010, vr: 'OW' as const, value: Buffer.from(`${plants.word()}${plants.word()}`)},
  ];
  b.at(16).add(b.sequence(0x0088_0200, icon()));
  b.addAgain(b.sequence(0x0008_1250, [b.sequence(0x0088_0200, icon())], icon()));
  b.add(b.sequence(0x0010_1100, icon()));
  b.at(12).add(
    b.ascii(0x0040_e001, 'ST', plants.phrase()),
    b.sequence(0x0040_e006, [b.ascii(0x0040_e010, 'UR', `https://pacs.invalid/${plants.id()}`)]),
    b.ascii(0x0040_e010, 'UR', `https://pacs.invalid/${plants.id()}`),
  );
  b.at(27).add(
    b.text(0x0028_3003, 'LO', plants.phrase()),
    {tag: 0x0028_2000, vr: 'OB', value: iccProfile(plants)},
    b.ascii(0x0008_1190, 'UR', `https://pacs.invalid/${plants.word()}`),
    b.ascii(0x0028_7fe0, 'UR', `https://pacs.invalid/${plants.word()}`),
    {tag: 0x0034_0007, vr: 'OB', value: Buffer.from(`${plants.date()}`)},
    {tag: 0x7fe0_0001, vr: 'OV', value: Buffer.from(`${plants.word()}      `)},
    {tag: 0x7fe0_0002, vr: 'OV', value: Buffer.from(`${plants.word()}      `)},
  );
  b.at(26).add(
    b.sequence(0x0400_0561, [
      b.sequence(0x0400_0550, [b.text(0x0010_0010, 'PN', plants.name()), b.ascii(0x0010_0020, 'LO', plants.id())]),
    ]),
    b.sequence(0x0400_0500, [{tag: 0x0400_0520, vr: 'OB', value: plants.bytes()}]),
    b.sequence(0xfffa_fffa, [{tag: 0x0400_0120, vr: 'OB', value: plants.bytes()}]),
    {tag: 0xfffc_fffc, vr: 'OB', value: plants.bytes()},
  );
}

/** Bytes that nobody looks at, tags that come twice, elements out of order. */
export function plantBytes(b: InstanceBuilder, hasPixels: boolean): void {
  const {plants} = b.at(9);
  const {random} = plants;
  Buffer.from(plants.name().slice(0, 40)).copy(b.preamble, 10);
  b.metaPlants = true;
  b.at(21);
  b.add({tag: 0x0072_0065, vr: 'OB', value: plants.bytes()});
  // behind anything but pixels they make the instance unreadable
  if (hasPixels && random.chance(0.4)) b.behind = Buffer.from(random.pick([strayBytes, secondDataSet])(b));
  b.at(30);
  const twice: readonly [number, ValueVr][] = [
    [0x0010_0010, 'PN'],
    [0x0010_0020, 'LO'],
    [0x0008_1030, 'LO'],
    [0x0010_1000, 'LO'],
    [0x0008_0020, 'DA'],
  ];
  if (random.chance(0.3)) {
    const [tag, vr] = random.pick(twice);
    b.addAgain(b.text(tag, vr, vr === 'DA' ? plants.date() : plants.name()));
  }
  b.outOfOrder = random.chance(0.2);
}

function strayBytes({plants}: InstanceBuilder): Buffer {
  return Buffer.concat([Buffer.from([0xff, 0xff]), plants.bytes()]);
}

/** Another instance in the same file, as programs that append to an open file leave it. */
function secondDataSet(b: InstanceBuilder): Buffer {
  const {plants} = b;
  return encodeDataSet(
    [
      b.ascii(0x0008_0050, 'SH', plants.id()),
      b.text(0x0008_1030, 'LO', plants.phrase()),
      b.text(0x0010_0010, 'PN', plants.name()),
      b.ascii(0x0010_0020, 'LO', plants.id()),
      b.ascii(0x0010_0030, 'DA', plants.date()),
    ],
    b.encoding,
  );
}
