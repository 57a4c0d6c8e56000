import {mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {Indexer} from '../src/indexer.ts';
import {parseMessage} from '../src/message.ts';
import {announce, archived, image, reasonFor} from './batches.ts';
import {aFolder, aSite, summariesOf, treeOf} from './helpers.ts';
import {type Attributes, anInstance, store} from './instances.ts';

describe('what cannot be indexed', () => {
  it.each([
    ['no-study-uid', {StudyInstanceUID: undefined}],
    ['no-series-uid', {SeriesInstanceUID: undefined}],
    ['no-sop-uid', {SOPInstanceUID: undefined}],
    ['no-study-uid', {StudyInstanceUID: ['UI', '../x']}],
    ['no-series-uid', {SeriesInstanceUID: ['UI', '1.2/3']}],
    ['no-sop-uid', {SOPInstanceUID: ['UI', '1'.repeat(65)]}],
    ['no-series-uid', {SeriesInstanceUID: ['UI', '1.2', '1.3']}],
    ['no-series-uid', {SeriesInstanceUID: ['UI', '.json']}],
  ] as [string, Attributes][])('has the reason %s', async (reason, attributes) => {
    const site = archived();
    const {directory} = store(site.root, image(1));
    writeFileSync(join(directory, 'x'), anInstance({...image(1), ...attributes}));
    expect(await reasonFor(site, announce({directory, filename: 'x'}))).toBe(reason);
    expect(treeOf(site.root).filter(path => path.startsWith('site/raw'))).toEqual([]);
  });

  it('trims the padding of UIDs', async () => {
    const site = archived();
    const {directory} = store(site.root, image(1));
    writeFileSync(join(directory, 'x'), anInstance({...image(1), SeriesInstanceUID: ['UI', ' 1.2.7 ']}));
    const indexer = new Indexer(site);
    await indexer.add(announce({directory, filename: 'x'}));
    await indexer.flush();
    expect(Object.keys(summariesOf(site.root))).toEqual(['site/raw/1.2.3/1.2.7.json']);
  });

  it.each([
    ['not-dicom', 'a text of some length, but not a single element of DICOM in it'],
    ['not-dicom', ''],
    ['no-sop-uid', anInstance(image(1)).subarray(0, 300)],
  ])('has the reason %s when the file is something else', async (reason, content) => {
    const site = archived();
    const {directory} = store(site.root, image(1));
    writeFileSync(join(directory, 'x'), content);
    const found = await reasonFor(site, announce({directory, filename: 'x'}));
    expect([reason, 'truncated', 'bad-structure']).toContain(found);
  });

  it('is missing, a folder, outside, or its study was deleted', async () => {
    const site = archived();
    const {directory, path} = store(site.root, image(1));
    mkdirSync(join(directory, 'folder'));
    const outside = aFolder();
    writeFileSync(join(outside, 'x'), anInstance());
    symlinkSync(join(outside, 'x'), join(directory, 'link'));
    const gone = join(site.root, 'site/archive/scp_1.2.99');
    expect(await reasonFor(site, announce({directory, filename: 'none'}))).toBe('missing');
    expect(await reasonFor(site, announce({directory, filename: 'folder'}))).toBe('not-a-file');
    expect(await reasonFor(site, announce({directory, filename: 'link'}))).toBe('outside');
    expect(await reasonFor(site, announce({directory: outside, filename: 'x'}))).toBe('outside');
    expect(await reasonFor(site, announce({directory: `${directory}/../../../..${outside}`, filename: 'x'}))).toBe(
      'outside',
    );
    expect(await reasonFor(site, announce({directory: gone, filename: 'MR.1'}))).toBe('study-deleted');
    expect(await reasonFor(site, parseMessage(path.replace('scp_1.2.3', ''), 'pipe'))).toBe('missing');
    expect(await reasonFor(site, parseMessage('/dev/zero', 'pipe'))).toBe('not-a-file');
  });

  it('by pipe may lie outside only when that is allowed', async () => {
    const outside = aFolder();
    writeFileSync(join(outside, 'x'), anInstance());
    expect(await reasonFor(archived(), parseMessage(join(outside, 'x'), 'pipe'))).toBe('outside');
    const site = aSite();
    await new Indexer(site).add(parseMessage(join(outside, 'x'), 'pipe'));
    expect(readlinkSync(join(site.root, 'site/raw/1.2.3/1.2.3.1/1.2.3.1.1'))).toBe(join(outside, 'x'));
    expect(await reasonFor(site, parseMessage(`a,b,c,${outside},x`, 'journal'))).toBe('outside');
  });

  it('does not stop the rest of its batch when a folder stands in place of a summary', async () => {
    const site = archived();
    mkdirSync(join(site.root, 'site/raw/1.2.3/1.2.3.1.json'), {recursive: true});
    const indexer = new Indexer(site);
    await indexer.add(announce(store(site.root, image(2, {SeriesInstanceUID: ['UI', '1.2.3.2']}))));
    // the folder is noticed when the summary is read
    await expect(indexer.add(announce(store(site.root, image(1))))).rejects.toThrow('1.2.3.1.json');
    expect(await indexer.flush()).toEqual([]);
    expect(readdirSync(join(site.root, 'site/.arrived'))).toEqual(['MR1 FIONA 192.0.2.1 1.2.3 1.2.3.2']);
  });
});
