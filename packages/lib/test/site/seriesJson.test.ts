import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {asUid} from '../../src/dicom/uid.ts';
import {rawSeries, rawStudy, seriesJson} from '../../src/site/layout.ts';
import {listInstances, listRawStudies, listSeriesFiles, listSeriesFolders} from '../../src/site/listing.ts';
import {parseSeriesJson, readSeriesJson, SeriesJsonError} from '../../src/site/seriesJson.ts';
import {aDataRoot} from './helpers.ts';

describe('reading a series summary', () => {
  it('types what older and newer versions wrote', () => {
    const text = JSON.stringify({
      NumFiles: 3,
      Modality: 'MR',
      ClassifyType: ['GE', 7],
      SeriesDescription: 'AX T1',
      EchoTime: null,
      StudyID: {},
      IncomingConnection: {AETitleCaller: 'MR1', CallerIP: 'host.example.org'},
      Unknown: 1,
    });
    expect(parseSeriesJson('x', text)).toEqual({
      NumFiles: '3',
      Modality: ['MR'],
      ClassifyType: ['GE', '7'],
      SeriesDescription: 'AX T1',
      IncomingConnection: {AETitleCaller: 'MR1', AETitleCalled: '', CallerIP: 'host.example.org'},
    });
  });

  it.each(['', '{', '[]', 'null', '"x"', '3'])('refuses %j', text => {
    expect(() => parseSeriesJson('/x/1.2.json', text)).toThrow(SeriesJsonError);
  });

  it('answers with nothing for a missing file', async () => {
    expect(await readSeriesJson(join(aDataRoot(), 'none.json'))).toBeUndefined();
  });

  it('never dies of any JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), text => {
        try {
          parseSeriesJson('x', text);
        } catch (error) {
          expect(error).toBeInstanceOf(SeriesJsonError);
        }
      }),
    );
  });
});

describe('listing a site', () => {
  it('names studies, series and instances and nothing else', async () => {
    const root = aDataRoot();
    expect(await listRawStudies(root)).toEqual([]);
    const [study, series, instance] = ['1.2', '1.2.3', '1.2.3.4'].map(text => asUid(text));
    if (!study || !series || !instance) throw new Error('not a UID');
    mkdirSync(rawSeries(root, study, series), {recursive: true});
    symlinkSync('/nowhere', join(rawSeries(root, study, series), instance));
    writeFileSync(seriesJson(root, study, series), '{}');
    for (const name of ['.1.2.3.json.1.tmp', '.1.2.3.json.bad-1', 'x y.json', 'notes.txt']) {
      writeFileSync(join(rawStudy(root, study), name), '');
    }
    expect(await listRawStudies(root)).toEqual(['1.2']);
    expect(await listSeriesFiles(root, study)).toEqual([{study, series, path: seriesJson(root, study, series)}]);
    expect(await listSeriesFolders(root, study)).toEqual(['1.2.3']);
    expect(await listInstances(root, study, series)).toEqual(['1.2.3.4']);
  });
});
