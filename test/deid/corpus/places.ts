import {gatewayRows} from '@fiona/lib/deid/profile/gatewayRows';
import {profileTable} from '@fiona/lib/deid/profile/table';
import {lookup} from '@fiona/lib/dicom/dictionary';
import type {Tag} from '@fiona/lib/dicom/tag';
import type {Vr} from '@fiona/lib/dicom/vr';
import type {NewElement} from '@fiona/lib/dicom/write';
import type {InstanceBuilder} from './instanceBuilder.ts';
import {marked} from './marked.ts';

/** Attributes of the root by which an object is recognised. An instance with a document in it is not sent. */
const unplantable: ReadonlySet<Tag> = new Set([0x0008_0005, 0x0042_0011]);
const recognised: ReadonlySet<Tag> = new Set([
  0x0008_0005, 0x0008_0016, 0x0008_0018, 0x0020_000d, 0x0020_000e, 0x0010_0010,
]);
const bulk: ReadonlySet<string> = new Set(['OW', 'OF', 'OD', 'OL', 'OV', 'US']);

type Attribute = readonly [tag: Tag, vr: Vr];

/** Rows of the table and of the gateway's own in which something can be planted. */
const named: readonly Attribute[] = [
  ...profileTable.map(([tag, , vr]): Attribute => [tag, vr]),
  ...gatewayRows
    .filter(([, , vr, action]) => action !== 'keep' || !bulk.has(vr))
    .map(([tag, , vr]): Attribute => [tag, vr]),
].filter(([tag]) => tag >>> 16 > 0x0004 && !unplantable.has(tag));
const others = unnamed();
const namedAtOnce = 30;
const othersAtOnce = 15;

/** Public attributes that only the rule for their VR decides about. */
function unnamed(): Attribute[] {
  const named = new Set([...profileTable.map(([tag]) => tag), ...gatewayRows.map(([tag]) => tag)]);
  const found: Attribute[] = [];
  for (const group of [
    0x0008, 0x0018, 0x0020, 0x0022, 0x0028, 0x0034, 0x003a, 0x0040, 0x0048, 0x0054, 0x0070, 0x0072, 0x3002, 0x300a,
    0x3010,
  ]) {
    for (let element = 1; element < 0x10000; element += element < 0x2000 ? 1 : 7) {
      const tag = group * 0x10000 + element;
      const entry = named.has(tag) ? undefined : lookup(tag);
      if (entry !== undefined && !['OW', 'OF', 'OV'].includes(entry.vr)) found.push([tag, entry.vr]);
    }
  }
  return found;
}

/** Sequences whose items stay and are cleaned. */
const carriers: readonly Tag[] = [
  0x0040_a730, 0x0008_1140, 0x5200_9229, 0x5200_9230, 0x0008_1115, 0x0008_1111, 0x300a_0070, 0x3006_0020, 0x0070_0001,
  0x0054_0016, 0x0008_2112, 0x0040_0260, 0x0040_0275, 0x0008_9215, 0x0400_0561, 0x0040_0555,
];

/** Elements inside as many sequences. */
export function nest(b: InstanceBuilder, elements: readonly NewElement[], depth: number): NewElement[] {
  let inside = [...elements];
  for (let level = 0; level < depth; level++) inside = [b.sequence(b.plants.random.pick(carriers), inside)];
  return inside;
}

/** Rows of the table, one after the other from instance to instance, at the root and up to eight levels deep. */
export function plantTable(b: InstanceBuilder, index: number): void {
  const {random} = b.plants;
  const rows = [...turn(named, index, namedAtOnce), ...turn(others, index, othersAtOnce)];
  const inner: NewElement[][] = [];
  for (const [tag, vr] of rows) {
    const isAtRoot = random.chance(0.5) && !recognised.has(tag);
    b.at(isAtRoot ? 1 : 2);
    if (isAtRoot) b.add(marked(b, tag, vr));
    else inner.push([marked(b, tag, vr)]);
  }
  b.at(2);
  const deep = inner.map(elements => nest(b, elements, random.below(7)));
  b.addAgain(
    b.sequence(0x0040_a730, ...deep.filter(elements => elements.length > 0), [
      b.text(0x0010_0010, 'PN', b.plants.name()),
      b.ascii(0x0010_0020, 'LO', b.plants.id()),
    ]),
  );
}

/** So many of a list, from instance to instance the next ones. */
function turn(list: readonly Attribute[], index: number, count: number): Attribute[] {
  const from = (index * count) % list.length;
  return [...list, ...list].slice(from, from + count);
}

/** What research needs, at the root and in a sequence, and nobody is named by. */
export function plantResearch(b: InstanceBuilder): void {
  const {plants} = b.at(8);
  const scanner = [
    b.ascii(0x0008_0031, 'TM', '101112.5'),
    b.ascii(0x0008_0201, 'SH', '+0100'),
    b.ascii(0x0008_0070, 'LO', 'SIEMENS'),
    b.ascii(0x0008_1090, 'LO', 'Prisma'),
    b.ascii(0x0018_1020, 'LO', 'syngo MR E11'),
    b.ascii(0x0018_1210, 'SH', 'Hr40f'),
    b.ascii(0x0008_103e, 'LO', 'T1 mprage sag'),
    b.ascii(0x0018_1030, 'LO', 'head axial'),
    b.ascii(0x0018_0020, 'CS', 'SE\\GR'),
    b.ascii(0x0018_0050, 'DS', '1.5'),
    b.ascii(0x0018_0080, 'DS', '2300'),
    b.ascii(0x0018_0081, 'DS', '2.98'),
    b.ascii(0x0018_1072, 'TM', '091500'),
    b.ascii(0x0018_1074, 'DS', '3.7e8'),
    b.ascii(0x0018_1078, 'DT', `${plants.date()}091500`),
    b.number(0x0018_9087, 'FD', 1000),
    b.ascii(0x0018_5100, 'CS', 'HFS'),
    b.ascii(0x0020_0011, 'IS', '7'),
    b.ascii(0x0020_0013, 'IS', '12'),
    b.ascii(0x0020_0032, 'DS', '-120.5\\-80\\33.25'),
    b.ascii(0x0020_0037, 'DS', '1\\0\\0\\0\\1\\0'),
    b.ascii(0x0028_0030, 'DS', '0.9375\\0.9375'),
  ];
  b.add(
    ...scanner,
    b.ascii(0x0010_0040, 'CS', 'F'),
    b.ascii(0x0010_1020, 'DS', '1.68'),
    b.ascii(0x0010_1030, 'DS', '70.5'),
    b.ascii(0x0018_0015, 'CS', 'HEAD'),
    b.ascii(0x0008_0022, 'DA', plants.date()),
    b.ascii(0x0008_0030, 'TM', '101010'),
    b.sequence(0x0018_9112, scanner),
    b.sequence(0x0008_2218, b.code('69536005', 'SCT', 'Head')),
  );
}

/** What an ordinary instance holds of its patient and of those who made it. */
export function plantPatient(b: InstanceBuilder): void {
  const {plants} = b.at(1);
  const elements = [
    b.text(0x0010_0010, 'PN', plants.name()),
    b.ascii(0x0010_0020, 'LO', plants.id()),
    b.ascii(0x0010_0030, 'DA', plants.date()),
    b.text(0x0008_0090, 'PN', plants.name()),
    b.text(0x0008_0080, 'LO', plants.phrase()),
    b.text(0x0008_1010, 'SH', plants.word()),
    b.ascii(0x0008_0050, 'SH', plants.id()),
    b.ascii(0x0020_0010, 'SH', plants.id()),
    b.ascii(0x0018_1000, 'LO', plants.id()),
  ];
  // what is missing has to be made
  for (const element of elements) if (plants.random.chance(0.95)) b.add(element);
  b.at(8);
  const studyDate = plants.date();
  // in a number only a date that stands as one can be told from a number
  const isDated = plants.random.chance(0.9);
  if (isDated) b.add(b.ascii(0x0008_0020, 'DA', studyDate));
  b.add(
    b.ascii(0x0008_0021, 'DA', `${plants.date()}\\${plants.date()}`),
    b.ascii(0x0008_002a, 'DT', `${plants.date()}101112.345678+0100`),
    b.ascii(0x0010_1010, 'AS', '093Y'),
    b.ascii(0x0020_0012, 'IS', isDated && plants.random.chance(0.2) ? studyDate : '3'),
  );
  const name = plants.at(25).name();
  const alias = plants.word();
  b.add(
    b.sequence(0x0010_1002, [b.ascii(0x0010_0010, 'PN', alias)]),
    // looks like any code, unless one knows the name
    b.ascii(0x0018_0021, 'CS', alias.toUpperCase()),
  );
  b.add(b.text(0x0010_1001, 'PN', name), b.text(0x0018_1030, 'LO', `T1 ${name.replaceAll(/[\^=]/g, ' ')} sag`));
}

/** Descriptions, comments, codes, numbers with texts in them. */
export function plantText(b: InstanceBuilder): void {
  const {plants} = b.at(3);
  for (const tag of [0x0008_1030, 0x0008_103e, 0x0040_0254, 0x0018_1251, 0x0018_0024])
    b.add(b.text(tag, 'LO', plants.phrase()));
  b.at(4);
  for (const tag of [0x0020_4000, 0x0010_4000, 0x0032_4000, 0x0038_4000, 0x0040_2400])
    b.add(b.text(tag, 'LT', plants.phrase()));
  b.at(6).add(
    b.sequence(0x0008_1032, b.code(plants.id(), '99HOSP', plants.phrase()), b.code('A1', plants.id(), plants.phrase())),
    b.sequence(
      0x0008_2228,
      b.code('T-D1100', 'SRT', `brain\0${plants.word()}`),
      b.code('69536005', 'SCT', `brain ${'x'.repeat(80)} ${plants.word()}`),
    ),
  );
  b.at(7).add(
    b.ascii(0x0018_0080, 'DS', `1.5\\${plants.word()}`),
    b.ascii(0x0020_0011, 'IS', plants.word()),
    b.ascii(0x0018_5100, 'CS', `HFS\\${plants.word()}`),
    b.text(0x0008_1040, 'LO', `brain ${'x'.repeat(80)} ${plants.word()}`),
    b.ascii(0x0008_0031, 'TM', plants.word()),
    {tag: 0x0018_9324, vr: 'FD', value: Buffer.from(`${plants.word()}${plants.word()}    `).subarray(0, 24)},
  );
  b.at(20).add(
    b.text(0x0018_9424, 'ST', `head ${plants.uid()} brain`),
    b.ascii(0x0018_1002, 'UI', plants.uid()),
    b.ascii(0x0008_0017, 'UI', `1.2.840.10008.${plants.word()}`),
  );
  b.at(9).add(
    b.ascii(0x0008_0054, 'AE', plants.word()),
    b.ascii(0x0040_0001, 'AE', plants.word()),
    b.ascii(0x0008_0055, 'AE', plants.word()),
  );
}
