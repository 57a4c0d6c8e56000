import {writeFileSync} from 'node:fs';
import {lookup} from '@fiona/lib/dicom/dictionary';
import {parseTag, type Tag} from '@fiona/lib/dicom/tag';
import {explicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import type {Vr} from '@fiona/lib/dicom/vr';
import {
  bytesElement,
  encodeDataSet,
  type NewElement,
  numberElement,
  part10Header,
  textElement,
} from '@fiona/lib/dicom/write';
import {findErrors} from './dciodvfy.ts';

/** A data set while it grows: values and, for sequences, items. */
type Growing = Map<Tag, NewElement | Growing[]>;

/** What stands in an attribute of a VR: words that nobody knows, so that cleaning takes what it may. */
const texts: Partial<Record<Vr, string>> = {
  AE: 'ZYXWVU',
  AS: '040Y',
  CS: 'YES',
  DA: '20240131',
  DS: '1',
  DT: '20240131101500',
  IS: '1',
  LO: 'Zyxwvu',
  LT: 'Zyxwvu',
  PN: 'Zyxwvu^Qwertz',
  SH: 'Zyxwvu',
  ST: 'Zyxwvu',
  TM: '101500',
  UC: 'Zyxwvu',
  UR: 'http://zyxwvu.example',
  UT: 'Zyxwvu',
};
const mostRounds = 40;

/**
 * An object of a SOP class with everything that dciodvfy misses in it, found by asking it again and again.
 * @param folder where the attempts are written
 * @returns path of the file, or undefined when dciodvfy does not know the class
 */
export function fillObject(
  sopClassUid: string,
  folder: string,
  given: Readonly<Record<string, string>> = {},
): string | undefined {
  const path = `${folder}/${sopClassUid}.dcm`;
  const root: Growing = new Map();
  let uids = 0;
  const uid = () => `1.2.826.0.1.9999999.5.${sopClassUid.split('.').slice(8).join('.')}.${++uids}`;
  const set = (holder: Growing, tag: Tag) => holder.set(tag, newValue(tag, uid, given));
  root.set(0x0008_0016, textElement(0x0008_0016, 'UI', sopClassUid));
  for (const tag of [0x0008_0018, 0x0020_000d, 0x0020_000e]) set(root, tag);
  for (let round = 0; round < mostRounds; round++) {
    writeFileSync(path, fileOf(root, sopClassUid));
    const findings = findErrors(path);
    if (findings.some(({what}) => what === 'Information Object Not found')) return undefined;
    const missing = findings.filter(({what}) => /^(?:Missing attribute|Empty attribute)/.test(what));
    const added = missing.filter(({path: where}) => add(root, where, set));
    if (added.length === 0) return path;
  }
  throw new Error(`${sopClassUid}: something is missing again and again`);
}

function newValue(tag: Tag, uid: () => string, given: Readonly<Record<string, string>>): NewElement | Growing[] {
  const entry = lookup(tag);
  const vr = entry?.vr ?? 'UN';
  if (vr === 'SQ') return [new Map()];
  if (vr === 'UI')
    return textElement(tag, 'UI', /Class/.test(entry?.keyword ?? '') ? '1.2.840.10008.5.1.4.1.1.4' : uid());
  const text = given[entry?.keyword ?? ''] ?? texts[vr];
  if (text !== undefined) return textElement(tag, vr, text);
  if (entry?.keyword === 'ICCProfile') return bytesElement(tag, 'OB', colourProfile());
  if (vr === 'AT') return bytesElement(tag, vr, Buffer.from([0x28, 0, 0x10, 0]));
  if (vr.startsWith('O') || vr === 'UN') return bytesElement(tag, vr, Buffer.alloc(8));
  return numberElement(tag, vr, 1);
}

/** The smallest profile that is one: a header, and a white point (ICC.1 7.2, 10.31). */
function colourProfile(): Buffer {
  const profile = Buffer.alloc(164);
  profile.writeUInt32BE(profile.length, 0);
  profile.write('scnrRGB XYZ ', 12, 'latin1');
  profile.write('acsp', 36, 'latin1');
  profile.writeUInt32BE(1, 128);
  profile.write('wtpt', 132, 'latin1');
  profile.writeUInt32BE(144, 136);
  profile.writeUInt32BE(20, 140);
  profile.write('XYZ ', 144, 'latin1');
  return profile;
}

/** Puts what a path names where it is missing. @returns whether there was something to do */
function add(root: Growing, path: string, set: (holder: Growing, tag: Tag) => void): boolean {
  let holder = root;
  const steps = path
    .split('/')
    .slice(1)
    .map(step => /\(([0-9a-f]{4},[0-9a-f]{4})\)(?:\[(\d+)\])?$/.exec(step));
  for (const [at, step] of steps.entries()) {
    const tag = parseTag(step?.[1] ?? '');
    if (tag === undefined) return false;
    const known = holder.get(tag);
    if (at === steps.length - 1) {
      if (known !== undefined) return false;
      set(holder, tag);
      return true;
    }
    const item = Array.isArray(known) ? known[Number(step?.[2] ?? '1') - 1] : undefined;
    if (item === undefined) return false;
    holder = item;
  }
  return false;
}

function fileOf(root: Growing, sopClassUid: string): Buffer {
  const sop = root.get(0x0008_0018);
  const sopInstanceUid = sop !== undefined && 'value' in sop ? sop.value.toString('latin1') : '';
  const meta = part10Header({sopClassUid, sopInstanceUid, transferSyntaxUid: transferSyntaxUid.explicitLittleEndian});
  return Buffer.concat([meta, encodeDataSet(elementsOf(root), explicitLittleEndian)]);
}

function elementsOf(holder: Growing): NewElement[] {
  return [...holder]
    .map(([tag, value]): NewElement => (Array.isArray(value) ? {tag, vr: 'SQ', items: value.map(elementsOf)} : value))
    .toSorted((a, b) => a.tag - b.tag);
}
