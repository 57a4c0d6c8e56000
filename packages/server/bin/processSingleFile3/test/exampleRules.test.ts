import {readFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {silentLog} from '@fiona/lib/cli/log';
import {describe, expect, it} from 'vitest';
import {Indexer} from '../src/indexer.ts';
import {parseMessage} from '../src/message.ts';
import {loadRules, rulesForWork} from '../src/rules.ts';
import {aSite, pydicomData, summariesOf} from './helpers.ts';
import {type Attributes, anInstance, store} from './instances.ts';

const path = fileURLToPath(new URL('../classifyRules.example.json', import.meta.url));

/** Types of a series of made-up images. */
async function typesOf(...images: Attributes[]): Promise<unknown> {
  const site = aSite({rules: await loadRules(path)});
  const indexer = new Indexer(site);
  for (const [index, attributes] of images.entries()) {
    const all: Attributes = {SOPInstanceUID: ['UI', `1.2.3.1.${index}`], ...attributes};
    const {directory, filename} = store(site.root, all, anInstance(all));
    await indexer.add(parseMessage(`a,b,c,${directory},${filename}`, 'journal'));
  }
  await indexer.flush();
  return Object.values(summariesOf(site.root))[0]?.ClassifyType;
}

const plane = (...cosines: string[]): Attributes => ({ImageOrientationPatient: ['DS', ...cosines]});
const axial = plane('0.99', '0.05', '0', '0', '1', '0.1');
const sagittal = plane('0', '1', '0', '0', '0', '-1');
const coronal = plane('1', '0', '0', '0', '0.1', '-0.98');

describe('the published rules', () => {
  it('have nothing to complain about', async () => {
    expect((await loadRules(path))?.problems).toEqual([]);
    expect((await rulesForWork(path, ['CHECKBURNEDINFO', 'ABCD-Physio'], silentLog))?.hash).toMatch(/^[0-9a-f]{16}$/);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toBeInstanceOf(Array);
  });

  it.each<[string, Attributes, string[]]>([
    ['vendor', {Manufacturer: ['LO', 'Philips Medical Systems']}, ['PHILIPS']],
    ['vendor in capitals', {Manufacturer: ['LO', 'GE MEDICAL SYSTEMS']}, ['GE']],
    ['former name', {Manufacturer: ['LO', 'TOSHIBA_MEC']}, ['CANON']],
    ['axial', axial, ['SIEMENS', 'axial']],
    ['sagittal', sagittal, ['SIEMENS', 'sagittal']],
    ['coronal', coronal, ['SIEMENS', 'coronal']],
    ['oblique', plane('0.7', '0.7', '0', '0', '0', '-1'), ['SIEMENS']],
    ['mosaic', {ImageType: ['CS', 'ORIGINAL', 'PRIMARY', 'M', 'MOSAIC']}, ['SIEMENS', 'original', 'mosaic']],
    [
      'localizer by type',
      {ImageType: ['CS', 'ORIGINAL', 'PRIMARY', 'LOCALIZER']},
      ['SIEMENS', 'original', 'localizer'],
    ],
    ['localizer by description', {SeriesDescription: ['LO', 'AAHead_Scout_64ch']}, ['SIEMENS', 'localizer']],
    ['physiological recording', {SeriesDescription: ['LO', 'rest_PhysioLog']}, ['SIEMENS', 'ABCD-Physio']],
    ['burned in says so', {BurnedInAnnotation: ['CS', 'YES']}, ['SIEMENS', 'CHECKBURNEDINFO']],
    ['not burned in', {BurnedInAnnotation: ['CS', 'NO']}, ['SIEMENS']],
    ['ultrasound', {Modality: ['CS', 'US']}, ['SIEMENS', 'CHECKBURNEDINFO']],
    ['secondary capture', {SOPClassUID: ['UI', '1.2.840.10008.5.1.4.1.1.7']}, ['SIEMENS', 'CHECKBURNEDINFO']],
    ['multi-frame capture', {SOPClassUID: ['UI', '1.2.840.10008.5.1.4.1.1.7.4']}, ['SIEMENS', 'CHECKBURNEDINFO']],
    ['derived', {ImageType: ['CS', 'DERIVED ', 'SECONDARY', 'MPR']}, ['SIEMENS', 'CHECKBURNEDINFO']],
    [
      'screen save',
      {ImageType: ['CS', 'ORIGINAL', 'PRIMARY', 'SCREEN SAVE']},
      ['SIEMENS', 'original', 'CHECKBURNEDINFO'],
    ],
    ['scanned', {ConversionType: ['CS', 'SD']}, ['SIEMENS', 'CHECKBURNEDINFO']],
    ['structured report', {Modality: ['CS', 'SR'], SOPClassUID: ['UI', '1.2.840.10008.5.1.4.1.1.88.33']}, ['SIEMENS']],
  ])('%s', async (_what, attributes, types) => {
    expect(await typesOf(attributes)).toEqual(types);
  });

  it('know a localizer by its three planes', async () => {
    expect(await typesOf(axial, coronal)).not.toContain('localizer');
    expect(await typesOf(axial, coronal, sagittal)).toEqual(['SIEMENS', 'axial', 'coronal', 'sagittal', 'localizer']);
  });

  it('fit real files', async () => {
    const site = aSite({rules: await loadRules(path)});
    const indexer = new Indexer(site);
    for (const name of ['CT_small.dcm', 'MR_small.dcm', 'examples_ybr_color.dcm', 'SC_rgb_rle.dcm']) {
      const file = join(pydicomData, 'test_files', name);
      await indexer.add(parseMessage(`a,b,c,${dirname(file)},${basename(file)}`, 'pipe')).catch(() => {});
    }
    await indexer.flush();
    const types = Object.values(summariesOf(site.root)).map(
      ({Modality, ClassifyType}) => `${Modality}: ${ClassifyType}`,
    );
    expect(types.sort()).toEqual(['CT: GE,original,axial', 'MR: CANON,axial,CHECKBURNEDINFO', 'OT: CHECKBURNEDINFO']);
  });
});
