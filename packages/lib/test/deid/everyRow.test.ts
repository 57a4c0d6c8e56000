import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {profileTable} from '../../src/deid/profile/table.ts';
import {type DataSet, findElement, itemsOf} from '../../src/dicom/dataSet.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {formatTag, isPrivate, type Tag} from '../../src/dicom/tag.ts';
import type {Vr} from '../../src/dicom/vr.ts';
import type {NewElement} from '../../src/dicom/write.ts';
import {aFile, bytes, output, sequence, text} from './support/instances.ts';
import {dcmdumpProblems, pydicomProblems} from './support/peers.ts';

/** Groups that cannot stand in a data set at all, and what identifies the instance. */
const rows = profileTable.filter(
  ([tag, , , , , action]) =>
    tag >>> 16 > 0x0004 && action !== 'document' && ![0x0008_0018, 0x0020_000d, 0x0020_000e].includes(tag),
);
const isBytes = (vr: Vr) => vr === 'OB' || vr === 'OW' || vr === 'UN';

function marker(tag: Tag): string {
  const letters = [...tag.toString(16).padStart(8, '0')]
    .map(digit => String.fromCharCode(0x61 + Number.parseInt(digit, 16)))
    .join('');
  return `zq${letters}`;
}

const markerDate = '19431017';
const markerUid = (tag: Tag) => `1.2.826.0.1.9999999.77.${tag}`;

function marked(tag: Tag, vr: Vr): NewElement {
  if (vr === 'SQ')
    return sequence(tag, [[text(0x0008_103e, 'LO', `${marker(tag)} T1`), text(0x0010_0010, 'PN', `${marker(tag)}^A`)]]);
  if (isBytes(vr)) return bytes(tag, vr, Buffer.from(`${marker(tag)}  `));
  if (vr === 'UI') return text(tag, vr, markerUid(tag));
  if (vr === 'DA' || vr === 'DT') return text(tag, vr, markerDate);
  if (vr === 'US') return bytes(tag, vr, Buffer.from([1, 0]));
  return text(tag, vr, marker(tag));
}

const elements = rows.map(([tag, , vr]) => marked(tag, vr));
const content = 0x0040_a730;
const neighbourMarker = 'zqneighbour';
/** A private block that stays, one that goes, and one that holds the same attributes again. */
const neighbours: readonly NewElement[] = [
  text(0x0019_0010, 'LO', 'SIEMENS MR HEADER'),
  text(0x0019_1008, 'CS', neighbourMarker.toUpperCase()),
  text(0x0019_100c, 'IS', '1000'),
  text(0x0029_0010, 'LO', `${neighbourMarker} CREATOR`),
  text(0x0029_1010, 'LO', neighbourMarker),
  sequence(0x0029_1011, [elements.filter(element => element.tag !== content)]),
];

function nested(depth: number, beside: readonly NewElement[] = []): NewElement[] {
  let inside: readonly NewElement[] = [...elements.filter(element => element.tag !== content), ...beside];
  for (let level = 0; level < depth; level++) inside = [sequence(content, [inside])];
  return [...inside];
}

function holderAt(root: DataSet, depth: number): DataSet | undefined {
  let holder: DataSet | undefined = root;
  for (let level = 0; level < depth; level++) holder = holder === undefined ? undefined : itemsOf(holder, content)[0];
  return holder;
}

const places = [0, 1, 5].flatMap(depth => [
  {depth, beside: [], name: `${depth} sequences deep`},
  {depth, beside: neighbours, name: `${depth} sequences deep, beside private elements`},
]);

describe.each(places)('every row of the table, $name', ({depth, beside}) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'deid-rows-'));
  });
  afterAll(() => rmSync(folder, {recursive: true}));

  it.each(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'])(
    'leaves no marker in %s, and a readable object',
    async syntax => {
      const result = await output(aFile(nested(depth, beside), syntax));
      const all = `${result.toString('latin1')}${result.toString('latin1').replaceAll('\0', '')}`;
      const survivors = rows.filter(([tag, , vr]) => {
        if (vr === 'UI') return all.includes(`${markerUid(tag)}\0`) || all.includes(`${markerUid(tag)}\\`);
        return all.toLowerCase().includes(marker(tag));
      });
      expect(survivors.map(([tag]) => formatTag(tag))).toEqual([]);
      expect(all).not.toContain(markerDate);
      expect(all.toLowerCase()).not.toContain(neighbourMarker);
      const path = join(folder, `${syntax}.dcm`);
      writeFileSync(path, result);
      expect(pydicomProblems([path])).toEqual([]);
      expect(dcmdumpProblems([path])).toEqual([]);
    },
  );

  it('keeps what must be there, empty', async () => {
    const written = parseInstance(await output(aFile(nested(depth, beside))));
    const holder = holderAt(written.dataSet, depth);
    const missing = rows.filter(([tag, , , , , action]) => {
      const element = holder === undefined ? undefined : findElement(holder, tag);
      return action === 'empty' && (element === undefined || element.valueEnd !== element.valueStart);
    });
    expect(missing.map(([tag]) => formatTag(tag))).toEqual([]);
  });

  it('keeps safe private elements beside it, and no other', async () => {
    const written = parseInstance(await output(aFile(nested(depth, beside))));
    const holder = holderAt(written.dataSet, depth);
    const left = holder?.elements.filter(({tag}) => isPrivate(tag)).map(({tag}) => formatTag(tag));
    expect(left).toEqual(beside.length > 0 ? ['(0019,0010)', '(0019,100C)'] : []);
  });

  it('removes what must not be there', async () => {
    const written = parseInstance(await output(aFile(nested(depth, beside))));
    const holder = holderAt(written.dataSet, depth);
    const left = rows.filter(
      ([tag, , , , , action]) => action === 'remove' && holder !== undefined && findElement(holder, tag) !== undefined,
    );
    expect(left.map(([tag]) => formatTag(tag))).toEqual([]);
  });
});
