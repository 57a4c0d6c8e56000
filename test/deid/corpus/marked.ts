import {lookup} from '@fiona/lib/dicom/dictionary';
import type {Tag} from '@fiona/lib/dicom/tag';
import type {Vr} from '@fiona/lib/dicom/vr';
import {vrRules} from '@fiona/lib/dicom/vr';
import type {NewElement} from '@fiona/lib/dicom/write';
import type {InstanceBuilder, ValueVr} from './instanceBuilder.ts';

/** Texts that these hold stay when they look like what belongs there: planted is what does not. */
const namesOfModels: ReadonlySet<Tag> = new Set([0x0008_0070, 0x0008_1090, 0x0018_1020, 0x0018_1210]);
const codes: ReadonlySet<Tag> = new Set([0x0008_0100, 0x0008_0102, 0x0008_0119]);

/** An element with something in it that must not be found afterwards, as fits its VR, or as it does not. */
export function marked(b: InstanceBuilder, tag: Tag, vr: Vr): NewElement {
  const {plants} = b;
  if (vr === 'SQ') {
    return b.sequence(tag, [
      b.text(0x0010_0010, 'PN', plants.name()),
      b.text(0x0008_103e, 'LO', plants.phrase()),
      b.ascii(0x0008_1155, 'UI', plants.uid()),
      b.ascii(0x0008_0022, 'DA', plants.date()),
    ]);
  }
  if (codes.has(tag)) return b.ascii(tag, vr, plants.id());
  if (namesOfModels.has(tag)) return b.text(tag, vr, `${plants.name()}^`);
  switch (vr) {
    case 'PN':
      return b.text(tag, vr, plants.name());
    case 'UI':
      // a UID that names a class may stay: a name instead of one may not
      return b.ascii(tag, vr, isClassUid(tag) ? plants.word() : plants.uid());
    case 'DA':
      return b.ascii(tag, vr, plants.date());
    case 'DT':
      return b.ascii(tag, vr, `${plants.date()}123456.7`);
    case 'SH':
      return b.text(tag, vr, plants.random.chance(0.5) ? plants.word() : plants.id());
    case 'LO':
    case 'UC':
    case 'ST':
    case 'LT':
    case 'UT':
      return b.text(tag, vr, plants.phrase());
    case 'UR':
      return b.ascii(tag, vr, `https://pacs.invalid/${plants.word()}`);
    case 'AE':
    case 'CS':
    case 'AS':
    case 'TM':
    case 'DS':
    case 'IS':
      return b.ascii(tag, vr, plants.word());
    default:
      return {
        tag,
        vr,
        value: fitted(vrRules[vr].kind === 'bytes' ? plants.bytes() : Buffer.from(`${plants.word()}  `), vr),
      };
  }
}

/** An element whose VR in the file is not that of the dictionary. */
export function wrongVr(b: InstanceBuilder, tag: Tag): NewElement {
  const vr = b.plants.random.pick<ValueVr>(['LO', 'PN', 'UN', 'OB', 'UT', 'SH', 'CS', 'US', 'DS', 'UI']);
  const isBinary = vr === 'OB' || vr === 'US';
  return {
    tag,
    vr,
    value: fitted(isBinary ? Buffer.from(b.plants.name(), 'utf8') : b.plants.encode(b.plants.name()), vr),
  };
}

/** Whole units, so that the element itself is readable. */
export function fitted(value: Buffer, vr: ValueVr): Buffer {
  const unit = Math.max(2, vrRules[vr].unit);
  return Buffer.concat([value, Buffer.alloc((unit - (value.length % unit)) % unit, 0x20)]);
}

const classUidNames = /SOPClass|CodingSchemeUID|ContextUID|MappingResourceUID|TransferSyntaxUID/;

function isClassUid(tag: Tag): boolean {
  return classUidNames.test(lookup(tag)?.keyword ?? '');
}
