import {measurements, plan, segments, structures, surfaces, treatment} from './derivedContents.ts';
import type {InstanceBuilder} from './instanceBuilder.ts';
import {
  blending,
  document,
  frameGroups,
  keyObjects,
  labelledScreen,
  presentation,
  references,
  report,
  screen,
  waveform,
} from './kindContents.ts';

/** A kind of object, and what makes it one. */
export interface Kind {
  readonly name: string;
  readonly sopClassUid: string;
  readonly modality: string;
  readonly pixels: boolean;
  /** Why it is not sent, for kinds that are not. */
  readonly setAside?: string;
  /** Transfer syntaxes, where not those of all kinds. */
  readonly syntaxes?: readonly string[];
  readonly content?: (builder: InstanceBuilder) => void;
}

type Row = readonly [name: string, classEnd: string, modality: string, content?: Kind['content']];

const storage = '1.2.840.10008.5.1.4.1.1';
const syntax = '1.2.840.10008.1.2';

function kindOf(pixels: boolean): (row: Row) => Kind {
  return ([name, end, modality, content]) => ({
    name,
    sopClassUid: end.startsWith('.') ? storage + end : end,
    modality,
    pixels,
    ...(content === undefined ? {} : {content}),
  });
}

const images: readonly Row[] = [
  ['CR', '.1', 'CR'],
  ['digital X-ray', '.1.1', 'DX'],
  ['mammography', '.1.2', 'MG'],
  ['intra-oral', '.1.3', 'IO'],
  ['CT', '.2', 'CT'],
  ['enhanced CT', '.2.1', 'CT', frameGroups],
  ['legacy converted CT', '.2.2', 'CT', frameGroups],
  ['ultrasound multi-frame', '.3.1', 'US', screen],
  ['MR', '.4', 'MR', references],
  ['enhanced MR', '.4.1', 'MR', frameGroups],
  ['enhanced MR colour', '.4.3', 'MR', frameGroups],
  ['legacy converted MR', '.4.4', 'MR', frameGroups],
  ['ultrasound', '.6.1', 'US', screen],
  ['enhanced ultrasound volume', '.6.2', 'US', frameGroups],
  ['secondary capture', '.7', 'OT', screen],
  ['multi-frame secondary capture', '.7.2', 'OT', labelledScreen],
  ['XA', '.12.1', 'XA'],
  ['enhanced XA', '.12.1.1', 'XA', frameGroups],
  ['RF', '.12.2', 'RF'],
  ['X-ray 3D', '.13.1.1', 'XA', frameGroups],
  ['breast tomosynthesis', '.13.1.3', 'MG', frameGroups],
  ['intravascular OCT', '.14.1', 'IVOCT', frameGroups],
  ['nuclear medicine', '.20', 'NM'],
  ['parametric map', '.30', 'MR', measurements],
  ['segmentation', '.66.4', 'SEG', segments],
  ['whole slide microscopy', '.77.1.6', 'SM', frameGroups],
  ['fundus', '.77.1.5.1', 'OP'],
  ['ophthalmic tomography', '.77.1.5.4', 'OPT', frameGroups],
  ['PET', '.128', 'PT', references],
  ['legacy converted PET', '.128.1', 'PT', frameGroups],
  ['enhanced PET', '.130', 'PT', frameGroups],
  ['RT image', '.481.1', 'RTIMAGE', plan],
  ['RT dose', '.481.2', 'RTDOSE', plan],
];

const others: readonly Row[] = [
  ['spectroscopy', '.4.2', 'MR', frameGroups],
  ['12-lead ECG', '.9.1.1', 'ECG', waveform],
  ['haemodynamics', '.9.2.1', 'HD', waveform],
  ['audio', '.9.4.1', 'AU', waveform],
  ['respiration', '.9.6.1', 'RESP', waveform],
  ['greyscale presentation', '.11.1', 'PR', presentation],
  ['colour presentation', '.11.2', 'PR', presentation],
  ['blending presentation', '.11.4', 'PR', blending],
  ['registration', '.66.1', 'REG', references],
  ['fiducials', '.66.2', 'FID', references],
  ['deformable registration', '.66.3', 'REG', references],
  ['surface segmentation', '.66.5', 'SEG', surfaces],
  ['tractography', '.66.6', 'MR', segments],
  ['real world values', '.67', 'RWV', measurements],
  ['surface scan mesh', '.68.1', 'M3D', surfaces],
  ['stereometry', '.77.1.5.3', 'SMR', references],
  ['basic text SR', '.88.11', 'SR', report],
  ['enhanced SR', '.88.22', 'SR', report],
  ['comprehensive SR', '.88.33', 'SR', report],
  ['comprehensive 3D SR', '.88.34', 'SR', report],
  ['procedure log', '.88.40', 'SR', report],
  ['mammography CAD', '.88.50', 'SR', report],
  ['key objects', '.88.59', 'KO', keyObjects],
  ['chest CAD', '.88.65', 'SR', report],
  ['dose SR', '.88.67', 'SR', report],
  ['radiopharmaceutical dose SR', '.88.68', 'SR', report],
  ['acquisition context SR', '.88.71', 'SR', report],
  ['RT structures', '.481.3', 'RTSTRUCT', structures],
  ['RT beams record', '.481.4', 'RTRECORD', treatment],
  ['RT plan', '.481.5', 'RTPLAN', plan],
  ['RT summary record', '.481.7', 'RTRECORD', treatment],
  ['RT ion plan', '.481.8', 'RTPLAN', plan],
  ['RT beams delivery', '1.2.840.10008.5.1.4.34.7', 'RTPLAN', plan],
];

/** Kinds that are sent. */
export const sentKinds: readonly Kind[] = [...images.map(kindOf(true)), ...others.map(kindOf(false))];

function notSent(reason: string, pixels: boolean, rows: readonly Row[], syntaxes?: readonly string[]): Kind[] {
  const more = syntaxes === undefined ? {} : {syntaxes};
  return rows.map(row => ({...kindOf(pixels)(row), setAside: reason, ...more}));
}

const says = (tag: number, value: string) => (b: InstanceBuilder) => {
  b.at(24).add(b.ascii(tag, 'CS', value));
};
const saysNothing = says(0x0028_0301, '');
/** The patient's name as colours: nothing but a look at all that is written finds it there. */
function namedColours(b: InstanceBuilder): void {
  const name = b.at(24).plants.word();
  b.add(
    b.ascii(0x0010_0010, 'PN', name),
    b.number(0x0028_1101, 'US', 6, 0, 16),
    b.ascii(0x0028_1201, 'OW', `  ${name}`),
  );
}

const videos = ['100', '100.1', '101', '101.1', '102', '102.1', '103', '103.1', '104', '104.1', '105', '105.1'];

/** Kinds that are not sent, and the reason that is given. */
export const setAsideKinds: readonly Kind[] = [
  ...notSent('private-sop-class', false, [['private class', '1.3.12.2.1107.5.9.1', 'MR']]),
  ...notSent('encapsulated-document', false, [
    ['PDF', '.104.1', 'DOC', document],
    ['CDA', '.104.2', 'DOC', document],
    ['STL', '.104.3', 'M3D', document],
    ['OBJ', '.104.4', 'M3D', document],
    ['MTL', '.104.5', 'M3D', document],
    ['document in an SR', '.88.33', 'SR', document],
  ]),
  ...notSent('raw-data', false, [['raw data', '.66', 'MR']]),
  ...notSent('declared-face', true, [
    ['endoscopy', '.77.1.1', 'ES'],
    ['photograph', '.77.1.4', 'XC'],
    ['dermoscopy', '.77.1.7', 'DMS'],
  ]),
  ...notSent('not-a-storage-instance', false, [
    ['DICOMDIR', '1.2.840.10008.1.3.10', ''],
    ['storage commitment', '1.2.840.10008.1.20.1', ''],
    ['performed procedure step', '1.2.840.10008.3.1.2.3.3', 'MR'],
    ['film session', '1.2.840.10008.5.1.1.1', ''],
    ['worklist item', '1.2.840.10008.5.1.4.31', 'CT'],
    ['hanging protocol', '1.2.840.10008.5.1.4.38.1', ''],
  ]),
  ...notSent('burned-in-text-possible', true, [
    ['burned-in ultrasound', '.6.1', 'US', says(0x0028_0301, 'YES')],
    ['ultrasound that says nothing', '.6.1', 'US', saysNothing],
    ['secondary capture that says nothing', '.7', 'OT', saysNothing],
    ['saved screen', '.2', 'CT', says(0x0008_0008, 'DERIVED\\SECONDARY\\SCREEN SAVE')],
    ['scanned film', '.1', 'CR', says(0x0008_0064, 'SI')],
  ]),
  ...notSent('identifier-survived', true, [['name in colours', '.2', 'CT', namedColours]]),
  ...notSent(
    'bitstream-not-checked',
    true,
    [['video', '.12.1', 'XA']],
    [...videos, '106', '106.1', '107', '108', '110', '111', '112'].map(end => `${syntax}.4.${end}`),
  ),
  ...notSent('bitstream-not-checked', true, [['deflated frames', '.2', 'CT']], [`${syntax}.8.1`]),
  ...notSent(
    'bad-pixel-data',
    true,
    [['image that is elsewhere', '.2', 'CT']],
    ['94', '95', '204', '205'].map(end => `${syntax}.4.${end}`),
  ),
];
