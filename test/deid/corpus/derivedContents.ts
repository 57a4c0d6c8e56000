import type {InstanceBuilder} from './instanceBuilder.ts';
import {frameGroups, reference, references} from './kindContents.ts';

/* Objects made from images: segments, surfaces, measurements, and those of radiotherapy. */

export function segments(b: InstanceBuilder): void {
  const {plants} = b.at(3);
  b.add(
    b.sequence(0x0062_0002, [
      b.number(0x0062_0004, 'US', 1),
      b.text(0x0062_0005, 'LO', plants.phrase()),
      b.text(0x0062_0006, 'ST', plants.phrase()),
      b.text(0x0062_0009, 'LO', plants.phrase()),
      b.ascii(0x0062_0020, 'UT', plants.id()),
      b.ascii(0x0062_0021, 'UI', plants.uid()),
    ]),
    b.ascii(0x0070_0080, 'CS', plants.id()),
  );
  references(b);
  frameGroups(b);
}

export function structures(b: InstanceBuilder): void {
  const {plants} = b.at(3);
  b.add(
    b.text(0x3006_0002, 'SH', plants.phrase().slice(0, 16)),
    b.text(0x3006_0004, 'LO', plants.phrase()),
    b.text(0x3006_0006, 'ST', plants.phrase()),
    b.ascii(0x3006_0008, 'DA', plants.date()),
    b.sequence(0x3006_0010, [
      b.ascii(0x0020_0052, 'UI', plants.uid()),
      b.text(0x3006_00c8, 'LO', plants.phrase()),
      b.sequence(0x3006_0012, reference(b)),
    ]),
    b.sequence(0x3006_0020, [
      b.text(0x3006_0026, 'LO', plants.phrase()),
      b.text(0x3006_0028, 'ST', plants.phrase()),
      b.ascii(0x3006_0024, 'UI', plants.uid()),
    ]),
    b.sequence(0x3006_0080, [b.text(0x3006_0085, 'SH', plants.word()), b.text(0x3006_00a6, 'PN', plants.name())]),
    b.text(0x300e_0008, 'PN', plants.name()),
    b.ascii(0x300e_0004, 'DA', plants.date()),
  );
  references(b);
}

export function plan(b: InstanceBuilder): void {
  const {plants} = b.at(3);
  b.add(
    b.text(0x300a_0002, 'SH', plants.word()),
    b.text(0x300a_0003, 'LO', plants.phrase()),
    b.text(0x300a_0004, 'ST', plants.phrase()),
    b.ascii(0x300a_0006, 'DA', plants.date()),
    b.sequence(0x300a_00b0, [
      b.text(0x300a_00c2, 'LO', plants.phrase()),
      b.text(0x300a_00c3, 'ST', plants.phrase()),
      b.text(0x300a_00b2, 'SH', plants.word()),
      b.text(0x0008_1010, 'SH', plants.word()),
    ]),
    b.sequence(0x300c_0060, reference(b)),
  );
  references(b);
}

export function measurements(b: InstanceBuilder): void {
  const {plants} = b.at(23);
  b.add(
    b.sequence(0x0040_9096, [
      b.text(0x0028_3003, 'LO', plants.phrase()),
      b.text(0x0040_9210, 'SH', plants.word()),
      b.sequence(0x0040_08ea, b.code(plants.id(), '99UNIT', plants.phrase())),
      b.number(0x0040_9225, 'FD', 1.5),
    ]),
    b.text(0x0070_0081, 'LO', plants.phrase()),
    b.text(0x0070_0084, 'PN', plants.name()),
  );
  references(b);
}

export function surfaces(b: InstanceBuilder): void {
  const {plants} = b.at(3);
  b.add(
    b.sequence(0x0066_0002, [
      b.number(0x0066_0003, 'UL', 1),
      b.text(0x0066_0004, 'LT', plants.phrase()),
      b.sequence(0x0066_0011, [{tag: 0x0066_0016, vr: 'OF', value: Buffer.alloc(12, 1)}]),
    ]),
  );
  segments(b);
}

export function treatment(b: InstanceBuilder): void {
  const {plants} = b.at(3);
  b.add(
    b.ascii(0x3008_0250, 'DA', plants.date()),
    b.text(0x3008_0054, 'DA', plants.date()),
    b.sequence(0x3008_0020, [
      b.text(0x300a_00c2, 'LO', plants.phrase()),
      b.ascii(0x3008_0024, 'DA', plants.date()),
      b.text(0x3008_0105, 'LO', plants.id()),
    ]),
    b.sequence(0x300a_0206, [b.text(0x300a_00b2, 'SH', plants.word()), b.text(0x0008_0080, 'LO', plants.name())]),
    b.text(0x0008_1070, 'PN', plants.name()),
  );
  plan(b);
}
