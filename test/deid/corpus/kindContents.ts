import type {NewElement} from '@fiona/lib/dicom/write';
import type {InstanceBuilder} from './instanceBuilder.ts';

const storage = '1.2.840.10008.5.1.4.1.1';

/* What makes an object one of its kind, with identifiers in every place that the kind has for them. */

/** What names one image. */
export function reference(b: InstanceBuilder): NewElement[] {
  return [b.ascii(0x0008_1150, 'UI', `${storage}.4`), b.ascii(0x0008_1155, 'UI', b.plants.uid())];
}

export function references(b: InstanceBuilder): void {
  b.plants.at(23);
  b.add(
    b.sequence(0x0008_1115, [
      b.ascii(0x0020_000e, 'UI', b.plants.uid()),
      b.sequence(0x0008_1199, reference(b), reference(b)),
    ]),
    b.sequence(0x0008_1140, reference(b)),
    b.sequence(0x0008_1200, [
      b.ascii(0x0020_000d, 'UI', b.plants.uid()),
      b.sequence(0x0008_1115, [b.ascii(0x0020_000e, 'UI', b.plants.uid())]),
    ]),
  );
}

export function frameGroups(b: InstanceBuilder): void {
  const {plants} = b.at(2);
  const frame = () => [
    b.sequence(0x0020_9111, [
      b.ascii(0x0018_9074, 'DT', `${plants.date()}101112.5`),
      b.ascii(0x0018_9151, 'DT', `${plants.date()}101113`),
      b.text(0x0020_9158, 'LT', plants.phrase()),
    ]),
    b.sequence(0x0020_9113, [b.ascii(0x0020_0032, 'DS', '1\\2\\3')]),
    b.sequence(0x0008_9124, [b.sequence(0x0008_2112, reference(b))]),
  ];
  b.add(
    b.sequence(0x5200_9229, [b.sequence(0x0028_9110, [b.ascii(0x0028_0030, 'DS', '1\\1')])]),
    b.sequence(0x5200_9230, frame(), frame()),
  );
}

function contentItem(b: InstanceBuilder, type: string, ...value: NewElement[]): NewElement[] {
  return [
    b.ascii(0x0040_a010, 'CS', 'CONTAINS'),
    b.ascii(0x0040_a040, 'CS', type),
    b.sequence(0x0040_a043, b.code('121106', 'DCM', 'Comment')),
    ...value,
  ];
}

export function report(b: InstanceBuilder): void {
  const {plants} = b.at(5);
  const who = (code: string, ...value: NewElement[]) => [
    b.ascii(0x0040_a010, 'CS', 'HAS OBS CONTEXT'),
    b.sequence(0x0040_a043, b.code(code, 'DCM', 'Observer')),
    ...value,
  ];
  b.add(
    b.ascii(0x0040_a040, 'CS', 'CONTAINER'),
    b.sequence(0x0040_a073, [
      b.text(0x0040_a075, 'PN', plants.name()),
      b.text(0x0040_a027, 'LO', plants.phrase()),
      b.ascii(0x0040_a030, 'DT', `${plants.date()}1200`),
      b.sequence(0x0040_a088, b.code(plants.id(), '99LOCAL', plants.phrase())),
    ]),
    b.sequence(0x0040_a370, [
      b.ascii(0x0008_0050, 'SH', plants.id()),
      b.ascii(0x0040_2016, 'LO', plants.id()),
      b.ascii(0x0040_2017, 'LO', plants.id()),
      b.text(0x0032_1060, 'LO', plants.phrase()),
      b.ascii(0x0020_000d, 'UI', plants.uid()),
    ]),
    b.sequence(0x0040_a360, [b.ascii(0x0020_000d, 'UI', plants.uid())]),
    b.sequence(
      0x0040_a730,
      contentItem(b, 'TEXT', b.text(0x0040_a160, 'UT', `Seen by ${plants.phrase()}`)),
      contentItem(b, 'PNAME', b.text(0x0040_a123, 'PN', plants.name())),
      contentItem(b, 'UIDREF', b.ascii(0x0040_a124, 'UI', plants.uid())),
      contentItem(b, 'DATE', b.ascii(0x0040_a121, 'DA', plants.date())),
      contentItem(b, 'DATETIME', b.ascii(0x0040_a120, 'DT', `${plants.date()}121314`)),
      contentItem(b, 'CODE', b.sequence(0x0040_a168, b.code(plants.id(), '99HOSPITAL', plants.phrase()))),
      contentItem(b, 'IMAGE', b.sequence(0x0008_1199, reference(b))),
      who('121008', b.ascii(0x0040_a040, 'CS', 'PNAME'), b.text(0x0040_a123, 'PN', plants.name())),
      who('121012', b.ascii(0x0040_a040, 'CS', 'UIDREF'), b.ascii(0x0040_a124, 'UI', plants.uid())),
      who('121022', b.ascii(0x0040_a040, 'CS', 'TEXT'), b.ascii(0x0040_a160, 'UT', plants.id())),
      who(
        '121030',
        b.ascii(0x0040_a040, 'CS', 'CODE'),
        b.sequence(0x0040_a168, b.code(plants.word(), 'DCM', plants.word())),
      ),
      contentItem(
        b,
        'NUM',
        b.sequence(0x0040_a300, [
          b.ascii(0x0040_a30a, 'DS', '23'),
          b.sequence(0x0040_08ea, b.code('mm', 'UCUM', 'mm')),
        ]),
      ),
    ),
  );
}

export function keyObjects(b: InstanceBuilder): void {
  report(b);
  references(b);
}

export function presentation(b: InstanceBuilder): void {
  const {plants} = b.at(18);
  b.add(
    b.ascii(0x0070_0080, 'CS', plants.word()),
    b.text(0x0070_0081, 'LO', plants.phrase()),
    b.text(0x0070_0084, 'PN', plants.name()),
    b.ascii(0x0070_0082, 'DA', plants.date()),
    b.sequence(0x0070_0001, [
      b.ascii(0x0070_0002, 'CS', plants.word()),
      b.sequence(0x0070_0008, [b.text(0x0070_0006, 'ST', plants.phrase()), b.number(0x0070_0010, 'FL', 1, 2)]),
      b.sequence(0x0070_0209, [b.ascii(0x0070_0294, 'CS', 'LINE'), b.text(0x0070_0006, 'ST', plants.phrase())]),
    ]),
    b.sequence(0x0070_0060, [b.ascii(0x0070_0002, 'CS', plants.word()), b.text(0x0070_0068, 'LO', plants.phrase())]),
    b.sequence(0x0072_0400, [
      b.text(0x0072_0066, 'LO', plants.phrase()),
      b.text(0x0072_006a, 'PN', plants.name()),
      b.text(0x0072_006e, 'ST', plants.phrase()),
      b.ascii(0x0072_0072, 'DS', plants.word()),
    ]),
    b.text(0x2030_0020, 'LO', plants.phrase()),
  );
  references(b);
}

export function waveform(b: InstanceBuilder): void {
  const {plants} = b.at(19);
  b.add(
    b.sequence(0x5400_0100, [
      b.number(0x003a_0005, 'US', 1),
      b.number(0x003a_0010, 'UL', 4),
      b.text(0x003a_0020, 'SH', plants.word()),
      b.sequence(0x003a_0200, [
        b.text(0x003a_0203, 'SH', plants.word()),
        b.sequence(0x003a_0208, b.code('2:1', 'MDC', 'Lead I')),
      ]),
      b.ascii(0x5400_1006, 'CS', 'SS'),
      b.number(0x5400_1004, 'US', 16),
      {tag: 0x5400_1010, vr: 'OW', value: Buffer.alloc(8, 3)},
    ]),
    b.sequence(0x0040_b020, [
      b.text(0x0070_0006, 'ST', plants.phrase()),
      b.sequence(0x0040_a043, b.code(plants.id(), '99ECG', plants.phrase())),
      b.ascii(0x0040_a30a, 'DS', '60'),
    ]),
  );
}

export function screen(b: InstanceBuilder): void {
  const {plants} = b.at(24);
  b.add(
    b.ascii(0x0028_0301, 'CS', 'NO'),
    b.ascii(0x0018_1012, 'DA', plants.date()),
    b.text(0x0018_1016, 'LO', plants.phrase()),
  );
}

export function document(b: InstanceBuilder): void {
  const {plants} = b.at(12);
  b.add(b.text(0x0042_0010, 'ST', plants.phrase()), b.ascii(0x0042_0012, 'LO', 'application/pdf'), {
    tag: 0x0042_0011,
    vr: 'OB',
    value: Buffer.from(`%PDF ${plants.name()}`),
  });
}

/** A screen that someone has looked at, with what a screen shows beside the image in sequences. */
export function labelledScreen(b: InstanceBuilder): void {
  screen(b);
  const {plants} = b;
  b.add(
    b.text(0x0018_1018, 'LO', plants.phrase()),
    b.text(0x0018_1019, 'LO', plants.phrase()),
    b.text(0x0028_0303, 'CS', plants.word()),
    b.text(0x0018_2005, 'DS', plants.word()),
  );
}

export function blending(b: InstanceBuilder): void {
  const {plants} = b.at(18);
  b.add(
    b.sequence(0x0070_0402, [
      b.ascii(0x0070_0405, 'CS', 'SUPERIMPOSED'),
      b.ascii(0x0020_000d, 'UI', plants.uid()),
      b.sequence(0x0008_1115, [
        b.ascii(0x0020_000e, 'UI', plants.uid()),
        b.text(0x0008_103e, 'LO', plants.phrase()),
        b.sequence(0x0008_1199, reference(b)),
      ]),
    ]),
  );
  presentation(b);
}
