import {Deidentifier} from '@fiona/lib/deid/engine';
import {type DeidRequest, defaultDeidRequest} from '@fiona/lib/deid/request';
import {type DataSet, walkElements} from '@fiona/lib/dicom/dataSet';
import {parseInstance} from '@fiona/lib/dicom/read';
import {formatTag} from '@fiona/lib/dicom/tag';
import {elementStrings, text} from '@fiona/lib/dicom/values';
import type {WrittenDataSet} from '@fiona/sandbox/samples/dataSetText';
import {encodeInstance} from '@fiona/sandbox/samples/writeSamples';
import {describe, expect, it} from 'vitest';
import {linkedObjects, uids} from './series/linkedObjects.ts';

const request: DeidRequest = {
  ...defaultDeidRequest,
  project: 'TRIAL-01',
  subject: 'SUBJ-001',
  safePrivate: ['OWN CREATOR|0011,01'],
};
const styles: readonly [string, Partial<DeidRequest>][] = [
  ['oid', {}],
  ['hex', {uidStyle: 'hex'}],
  ['keyed', {uidStyle: 'keyed', key: Buffer.alloc(32, 7)}],
];

/** The output of one object from an engine of its own, as in another transfer on another machine. */
async function deidentifiedAlone(written: WrittenDataSet, changes: Partial<DeidRequest>): Promise<Buffer> {
  const file = encodeInstance({sopClassUid: String(written.SOPClassUID), dataSet: written});
  const deidentifier = await Deidentifier.create({...request, ...changes});
  const outcome = deidentifier.deidentify(parseInstance(file), ({offset, length}) =>
    file.subarray(offset, offset + length),
  );
  if (outcome.kind !== 'written') throw new Error(`${outcome.kind} ${outcome.reason}`);
  return Buffer.concat(outcome.chunks.filter(Buffer.isBuffer));
}

/** UIDs that name instances and the like, in the order in which they stand, each with its tag. */
function uidsIn(root: DataSet): {tag: string; value: string}[] {
  const found: {tag: string; value: string}[] = [];
  walkElements(root, (element, holder) => {
    if (element.vr !== 'UI') return;
    for (const value of elementStrings(holder, element))
      if (!value.startsWith('1.2.840.10008.')) found.push({tag: formatTag(element.tag), value});
  });
  return found;
}

describe.each(styles)('objects that refer to each other, UID style %s', (_, changes) => {
  it('still do, each de-identified by itself', async () => {
    const outputs = await Promise.all(linkedObjects.map(written => deidentifiedAlone(written, changes)));
    const roots = outputs.map(file => parseInstance(file).dataSet);
    const renamed = new Map<string, string>();
    const contradictions: string[] = [];
    linkedObjects.forEach((written, index) => {
      const root = roots[index];
      if (root === undefined) throw new RangeError('an object is missing');
      const before = uidsIn(parseInstance(encodeInstance({sopClassUid: '', dataSet: written})).dataSet);
      const after = uidsIn(root);
      expect(after.map(({tag}) => tag)).toEqual(before.map(({tag}) => tag));
      before.forEach(({tag, value}, at) => {
        const now = after[at]?.value ?? '';
        const known = renamed.get(value) ?? now;
        if (now === value || known !== now) contradictions.push(`${written.Modality} ${tag} ${value}`);
        renamed.set(value, known);
      });
    });
    expect(contradictions).toEqual([]);
    expect(new Set(renamed.values()).size).toBe(renamed.size);
    // every object is found under the name by which the others know it
    for (const root of roots) {
      expect([...renamed.values()]).toContain(text(root, 0x0008_0018));
      expect([...renamed.values()]).toContain(text(root, 0x0020_000d));
    }
    expect([...renamed.keys()].toSorted()).toEqual(Object.values(uids).toSorted());
  });
});

describe('the file meta information', () => {
  it('names the instance as the data set does', async () => {
    for (const written of linkedObjects) {
      const {meta, dataSet} = parseInstance(await deidentifiedAlone(written, {}));
      expect(meta && text(meta, 0x0002_0003)).toBe(text(dataSet, 0x0008_0018));
      expect(meta && text(meta, 0x0002_0002)).toBe(text(dataSet, 0x0008_0016));
    }
  });
});
