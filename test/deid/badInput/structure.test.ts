import {gatewayRows} from '@fiona/lib/deid/profile/gatewayRows';
import {profileTable} from '@fiona/lib/deid/profile/table';
import {mapUid} from '@fiona/lib/deid/uid';
import {findElement, itemsOf, valueBytes, walkElements} from '@fiona/lib/dicom/dataSet';
import {formatTag, type Tag} from '@fiona/lib/dicom/tag';
import {explicitLittleEndian, implicitLittleEndian} from '@fiona/lib/dicom/transferSyntax';
import {strings, text as textAt} from '@fiona/lib/dicom/values';
import {encodeDataSet, encodeElement, encodeElementHeader, type NewElement} from '@fiona/lib/dicom/write';
import {describe, expect, it} from 'vitest';
import {aFile, aRequest, bytes, identity, sequence, text} from '../../../packages/lib/test/deid/support/instances.ts';
import {
  become,
  cleaned,
  contentSequence,
  delimiter,
  header,
  item,
  itemEnd,
  name,
  person,
  rawFile,
  rootOf,
  sequenceEnd,
  undefinedLength,
} from './become.ts';

describe('sequences', () => {
  const nested = (depth: number): NewElement =>
    sequence(contentSequence, [depth === 1 ? [person] : [nested(depth - 1)]]);

  it('64 levels deep are cleaned at the bottom', async () => {
    const root = await rootOf(aFile([nested(64)]));
    let deepest = '';
    walkElements(root, (element, holder) => {
      if (element.tag === 0x0010_0010 && holder !== root) deepest = valueBytes(holder, element).toString('latin1');
    });
    expect(deepest.trim()).toBe('SUBJ-001');
  });

  it('65 levels deep are set aside, in whatever form they come', async () => {
    expect(await become(aFile([nested(65)]))).toBe('too-deep');
    const open = Buffer.concat([header(contentSequence, 'SQ', undefinedLength), item(undefinedLength)]);
    expect(await become(rawFile(...new Array(10_000).fill(open)))).toBe('too-deep');
  });

  it('64 levels deep in values of VR UN are cleaned or gone, never copied', async () => {
    let value = encodeDataSet([person], implicitLittleEndian);
    for (let level = 0; level < 80; level++) {
      const inItem = Buffer.concat([item(value.length), value]);
      value =
        level === 79
          ? inItem
          : Buffer.concat([encodeElementHeader(contentSequence, 'SQ', inItem.length, implicitLittleEndian), inItem]);
    }
    await cleaned(aFile([bytes(contentSequence, 'UN', value)]));
  });

  it('of 10,000 items are cleaned in each of them', async () => {
    const items = Array.from({length: 10_000}, (_, index) => [text(0x0008_1155, 'UI', `1.2.3.${index}`), person]);
    const root = await rootOf(aFile([sequence(0x0008_1140, items)]));
    const names = itemsOf(root, 0x0008_1140).map(one => strings(one, 0x0010_0010)?.[0]);
    expect(names).toHaveLength(10_000);
    expect(new Set(names)).toEqual(new Set(['SUBJ-001']));
  });

  it('without a delimiter, or with one in the wrong place, are set aside', async () => {
    const inside = encodeElement(person, explicitLittleEndian);
    const opened = [header(contentSequence, 'SQ', undefinedLength), item(undefinedLength), inside];
    expect(await become(rawFile(...opened))).toBe('unreadable');
    expect(await become(rawFile(...opened, delimiter(itemEnd)))).toBe('unreadable');
    expect(await become(rawFile(...opened, delimiter(sequenceEnd)))).toBe('unreadable');
    expect(await become(rawFile(inside, delimiter(sequenceEnd), inside))).toBe('unreadable');
    expect(typeof (await become(rawFile(...opened, delimiter(itemEnd), delimiter(sequenceEnd))))).toBe('object');
  });
});

describe('objects that refer in circles', () => {
  it('to each other and to themselves still do, with new UIDs', async () => {
    const uids = ['1.2.826.0.1.9999999.1', '1.2.826.0.1.9999999.22'];
    const mapped = uids.map(uid =>
      mapUid(uid, {project: aRequest.project, style: 'oid', root: aRequest.uidRoot, kind: 'other'}),
    );
    for (const [index, uid] of uids.entries()) {
      const references = sequence(
        0x0008_1140,
        [...uids, uid].map(one => [text(0x0008_1155, 'UI', one)]),
      );
      const root = await rootOf(aFile([text(0x0008_0018, 'UI', uid), references]));
      expect(textAt(root, 0x0008_0018)).toBe(mapped[index]);
      const named = itemsOf(root, 0x0008_1140).map(one => textAt(one, 0x0008_1155));
      expect(named).toEqual([...mapped, mapped[index]]);
    }
  });
});

describe('lengths', () => {
  it.each([
    ['a value beyond the file', [header(0x0010_4000, 'LT', 5000), Buffer.from(name)]],
    ['a value of 4 GB', [header(0x0040_a160, 'UT', 0xffff_fffe), Buffer.from(name)]],
    ['a sequence beyond the file', [header(contentSequence, 'SQ', 5000), item(0)]],
    ['an item beyond its sequence', [header(contentSequence, 'SQ', 16), item(5000), Buffer.alloc(8)]],
    ['an element beyond its item', [header(contentSequence, 'SQ', 16), item(8), header(0x0010_0010, 'PN', 50)]],
    ['a length that is not defined where it must be', [header(0x0040_a160, 'UT', undefinedLength), Buffer.from(name)]],
  ])('%s: set aside', async (_, parts) => {
    expect(await become(rawFile(...parts))).toBe('unreadable');
  });

  it('that are odd are read; what is written anew is even, what stays is as it came', async () => {
    const odd = (tag: Tag, vr: NewElement['vr'], value: string) => [header(tag, vr, value.length), Buffer.from(value)];
    const file = rawFile(
      ...odd(0x0008_103e, 'LO', 'T1 brain.'),
      ...odd(0x0010_0010, 'PN', name),
      ...odd(0x0018_0020, 'CS', 'SE '),
    );
    const root = await rootOf(file);
    const odds = root.elements.filter(({valueStart, valueEnd}) => (valueEnd - valueStart) % 2 === 1);
    expect(odds.map(({tag}) => formatTag(tag))).toEqual(['(0008,103E)', '(0018,0020)']);
    expect(textAt(root, 0x0008_103e)).toMatch(/^T1 brain/);
  });

  it('of zero, in every attribute of the profile at once, stay readable', async () => {
    const tags = new Map([
      ...profileTable.map(([tag, , vr]) => [tag, vr] as const),
      ...gatewayRows.map(([tag, , vr]) => [tag, vr] as const),
    ]);
    for (const element of identity) tags.delete(element.tag);
    const empty = [...tags]
      .filter(([tag]) => tag >>> 16 > 4 && tag >>> 16 < 0x7fe0)
      .map(([tag, vr]): NewElement => (vr === 'SQ' ? sequence(tag, []) : bytes(tag, vr, Buffer.alloc(0))));
    const root = await rootOf(aFile(empty));
    expect(textAt(root, 0x0010_0020)).toBe('SUBJ-001');
    expect(textAt(root, 0x0008_0050)).toBe('');
  });
});

describe('tags', () => {
  it('that come twice, or five times, are cleaned each time', async () => {
    const five = Array.from({length: 5}, (_, index) => text(0x0008_1030, 'LO', `brain ${name}${index}`));
    const file = rawFile(
      ...[...five, person, person, text(0x0010_1000, 'LO', name), text(0x0010_1000, 'LO', name)].map(one =>
        encodeElement(one, explicitLittleEndian),
      ),
    );
    await cleaned(file);
  });

  it('out of order, at the root and in an item, are cleaned and written in order', async () => {
    const jumbled = [text(0x0020_4000, 'LT', name), person, text(0x0008_103e, 'LO', `brain ${name}`)].map(one =>
      encodeElement(one, explicitLittleEndian),
    );
    const inItem = Buffer.concat(jumbled);
    const file = rawFile(
      ...jumbled,
      header(contentSequence, 'SQ', inItem.length + 8),
      item(inItem.length),
      inItem,
      ...jumbled,
    );
    const tags = (await rootOf(file)).elements.map(({tag}) => tag);
    expect(tags).toEqual(tags.toSorted((a, b) => a - b));
  });
});

describe('value representations', () => {
  it('text where a sequence must be, and a sequence where text must be, go', async () => {
    await cleaned(aFile([{tag: contentSequence, vr: 'LO', value: Buffer.from(name)}]));
    const root = await rootOf(aFile([sequence(0x0008_103e, [[person]]), sequence(0x0018_0050, [[person]])]));
    expect(findElement(root, 0x0018_0050)?.items ?? []).toEqual([]);
  });

  it.each(['LO', 'UN', 'OB', 'US', 'DA', 'UI', 'DS', 'AT', 'FD'] as const)('a name as %s is still a name', async vr => {
    const value = Buffer.from(`${name}^${name.slice(0, 6)}`.padEnd(16));
    const root = await rootOf(
      aFile(
        [0x0010_0010, 0x0010_1001, 0x0008_1050, 0x0008_0022, 0x0018_0050, 0x0028_1050].map(tag => ({tag, vr, value})),
      ),
    );
    expect(textAt(root, 0x0010_0010)).toBe('SUBJ-001');
  });

  it('a sequence as UN, in implicit VR inside explicit VR, of any length, is cleaned', async () => {
    const inside = encodeDataSet([text(0x0008_1155, 'UI', '1.2.3.4'), person], implicitLittleEndian);
    const defined = Buffer.concat([item(inside.length), inside]);
    const open = Buffer.concat([item(undefinedLength), inside, delimiter(itemEnd), delimiter(sequenceEnd)]);
    for (const parts of [
      [header(0x0008_1140, 'UN', defined.length), defined],
      [header(0x0008_1140, 'UN', undefinedLength), open],
      [header(0x0009_1001, 'UN', undefinedLength), open],
    ])
      await cleaned(rawFile(...parts));
  });

  it('a sequence as UN in explicit VR, and garbage as UN, are cleaned or gone', async () => {
    const inside = encodeDataSet([person], explicitLittleEndian);
    await cleaned(
      aFile([
        bytes(0x0008_1140, 'UN', Buffer.concat([item(inside.length), inside])),
        bytes(contentSequence, 'UN', Buffer.from(`${name} `)),
      ]),
    );
  });
});
