import {readFileSync, writeFileSync} from 'node:fs';
import {encodeInstance} from '@fiona/sandbox/samples/writeSamples';
import {describe, expect, it} from 'vitest';
import {gatewayForEachTest, valuesOf} from './support/eachTest.ts';
import {placeStudy, smallStudy, writeSummary} from './support/sampleOnDisk.ts';

const test = gatewayForEachTest();
const {askedStudy, run} = test;

describe('what a project wants of the series', () => {
  const withFeatures = (name: string, features: string[]) =>
    test.services.store('DataTransferProjects', [
      {
        record_id: name,
        project_name: name,
        project_active: '1',
        ...Object.fromEntries(['0', '1', '2'].map(n => [`project_features___${n}`, features.includes(n) ? '1' : '0'])),
      },
    ]);

  /** The small study with a summary of its own for the second series. */
  async function study(project: string, change: Record<string, unknown>) {
    const {uid, series} = await askedStudy({project});
    const second = series[1];
    if (second === undefined) throw new Error('no second series');
    writeSummary(second.summary, {
      SeriesInstanceUID: second.uid,
      ClassifyRulesHash: '0123',
      Modality: ['MR'],
      SeriesDescription: 'Perfusion',
      ...change,
    });
    return uid;
  }

  it.each([
    ['presentation states are left out', 'F-0', ['0'], {Modality: 'PR'}, 'found PR modality and "Remove presentation'],
    [
      'screen captures are left out',
      'F-2',
      ['2'],
      {ClassifyType: ['CHECKBURNEDINFO']},
      'found secondary image and "Remove',
    ],
    [
      'leaving out wins over sending as it is',
      'F-12',
      ['1', '2'],
      {ClassifyType: ['CHECKBURNEDINFO']},
      'found secondary image and "Remove',
    ],
  ])('%s', async (_, project, features, summary, message) => {
    await withFeatures(project, features);
    const uid = await study(project, summary);
    const {code, counts} = await run();
    expect([code, counts]).toEqual([0, expect.objectContaining({done: 1, instances: 3, skipped: 3})]);
    expect(test.log).toContain(`Feature: [${project}] ${message}`);
    expect(test.gateway.stored(uid, project)).toHaveLength(3);
    expect(test.gateway.json('done', '_deid.json')).toMatchObject({instances: {in: 6, written: 3, skipped: 3}});
  });

  it.each([
    ['the project never rewrites pixels', 'F-1', ['1'], {ClassifyType: ['CHECKBURNEDINFO']}],
    [
      'our own tools cleaned them',
      'F-2b',
      ['2'],
      {ClassifyType: ['CHECKBURNEDINFO'], SeriesDescription: '(shadow) Perfusion'},
    ],
  ])('pixels go as they are when %s', async (_, project, features, summary) => {
    await withFeatures(project, features);
    const uid = await study(project, summary);
    expect((await run()).code).toBe(0);
    expect(test.gateway.stored(uid, project)).toHaveLength(6);
  });

  it('an exclusion by series description lets a series go as it is', async () => {
    await test.services.store('DataTransferProjects', [
      {record_id: 'EX', project_name: 'EX', project_active: '1'},
      {
        record_id: 'EX',
        redcap_repeat_instrument: 'rewritepixelexclusions',
        redcap_repeat_instance: 1,
        rewrite_ex_tag: '2',
        rewrite_ex_reg: 't2_',
      },
    ]);
    const uid = await study('EX', {ClassifyType: ['CHECKBURNEDINFO']});
    expect((await run()).code).toBe(0);
    expect(test.log).toContain('Found a rewrite exclusion rule match for t2_');
    expect(test.gateway.stored(uid, 'EX')).toHaveLength(6);
  });

  it('a series whose pixels would have to be rewritten holds the whole study back', async () => {
    const uid = await study('PROJ', {ClassifyType: ['CHECKBURNEDINFO']});
    expect((await run()).code).toBe(65);
    expect(test.log).toContain('found burned in info (potentially), anonymize dicom image data');
    expect(test.gateway.stored(uid)).toEqual([]);
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error___1: '1', transfer_error___3: '0'});
  });

  it('a study of which nothing is wanted is a failure', async () => {
    await withFeatures('F-all', ['0']);
    await askedStudy({project: 'F-all'}, {Modality: ['PR']});
    expect((await run()).code).toBe(65);
    expect(test.gateway.json('fail', '_fail_messages.log').error).toBe('all series are excluded by project settings');
  });

  it('an import rule keeps the captured part of a text', async () => {
    await test.services.store('DataTransferProjects', [
      {
        record_id: 'RULE',
        project_name: 'RULE',
        project_active: '1',
        project_import_rule_1_tag: '0008,103E',
        project_import_rule_1_regexp: '^(t\\d)_',
      },
    ]);
    const {uid} = await askedStudy({project: 'RULE'});
    expect((await run()).code).toBe(0);
    const texts = new Set(test.gateway.stored(uid, 'RULE').map(({content}) => valuesOf(content, 0x0008103e)[0]));
    expect(texts).toEqual(new Set(['t1', 't2']));
  });

  it.each([
    ['0010,0020', 'is an element that the transfer itself sets'],
    ['Comments', 'names no element'],
  ])('an import rule for %s lets no study go until it is corrected', async (tag, problem) => {
    const project = `BAD ${tag}`;
    const rule = {project_import_rule_1_tag: tag, project_import_rule_1_regexp: '(.*)'};
    await test.services.store('DataTransferProjects', [
      {record_id: tag, project_name: project, project_active: '1', ...rule},
    ]);
    const {uid} = await askedStudy({project});
    expect((await run()).code).toBe(65);
    const message = String((await test.gateway.row(uid)).transfer_error_message);
    expect(message).toContain('project_import_rule_1_tag');
    expect(message).toContain(problem);
    expect(test.gateway.stored(uid, project)).toEqual([]);
  });
});

describe('the site program for series without images', () => {
  it('is run with study and series, and what it adds is sent', async () => {
    const study = smallStudy();
    const added = study.instances[5];
    if (added === undefined) throw new Error('no instance to add');
    const [first, second] = placeStudy(
      test.gateway.dataDir,
      {...study, instances: study.instances.slice(0, 5)},
      {
        ClassifyType: ['ABCD-Physio'],
      },
    );
    await test.gateway.ask(study.studyInstanceUid);
    const source = test.gateway.path('placeholder.dcm');
    writeFileSync(source, encodeInstance(added));
    const sop = String(added.dataSet.SOPInstanceUID);
    const archive = `${test.gateway.dataDir}/site/archive/scp_${study.studyInstanceUid}/${sop}`;
    const script = `echo "$1 $2" >> ${test.gateway.path('calls')}; cp ${source} ${archive}; ln -sf ${archive} ${second?.folder}/${sop}`;
    test.gateway.configure({ANONYMIZER: {noImageCommand: ['/bin/sh', '-c', script, 'placeholder']}});
    expect((await run()).counts).toMatchObject({done: 1, instances: 6});
    const calls = [first, second].map(series => `${study.studyInstanceUid} ${series?.uid}`);
    expect(readFileSync(test.gateway.path('calls'), 'utf8').trim().split('\n')).toEqual(calls);
  });

  it('holds nothing up when it fails', async () => {
    test.gateway.configure({ANONYMIZER: {noImageCommand: ['/nowhere/addNoImageImage']}});
    await askedStudy({}, {ClassifyType: ['ABCD-Physio']});
    expect((await run()).code).toBe(0);
    expect(test.log).toContain('WARN no placeholder image for series');
  });
});
