import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {imports, incoming, otherStudy, series, seriesOf, study, transfers, useGateway} from './support.ts';

const gateway = useGateway();

describe('a study that has arrived', () => {
  it('is registered once: base row, series from instance 1, no transfer', async () => {
    const {site, redcap} = gateway;
    site.series(study, seriesOf(study, 1));
    site.series(study, seriesOf(study, 2), {SeriesNumber: '2'});
    expect(await site.run('populateIncoming')).toMatchObject({code: 0});
    const [base, ...others] = await incoming(gateway, '');
    expect(others).toEqual([]);
    expect(base).toMatchObject({
      study_instance_uid: study,
      study_description: 'MR Head',
      study_date: '20240131',
      study_time: '101530.25',
      study_institution_name: 'Test Hospital',
      study_patient_name: 'dd200a979cd1782fed9820b4f1f92084ec9a7a827274b7844d503e49d72f0d76',
      study_patient_id: '7a895d1032d49fcbaa2d256ad2b7803c9323a73e7b12b9776e2e4151e5b7b982',
      study_aetitle_sender: 'MR1',
      study_aetitle_addressed: 'FIONA',
      study_accession_number: 'ACC1',
      incoming_studies_complete: '2',
    });
    expect(base?.study_arrival_date).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/);
    expect(await series(gateway)).toEqual(['1 1', '2 2']);
    expect((await incoming(gateway, 'series'))[0]).toMatchObject({
      series_instance_uid: seriesOf(study, 1),
      series_description: 't1 mprage',
      series_date: '20240131',
      series_time: '101600',
      series_sequence_name: '*tfl3d1',
      series_num_files: '3',
      series_classify_types: '["T1", "axial"]',
      series_complete: '2',
    });
    expect(await transfers(gateway)).toEqual([]);
    redcap.proxy.calls = [];
    expect(await site.run('populateIncoming')).toMatchObject({code: 0});
    expect(redcap.proxy.calls.map(({kind, content}) => `${kind} ${content}`)).toEqual([
      'export record',
      'export record',
    ]);
  });

  it('waits with a series that is still arriving; it gets the next instance when it is quiet', async () => {
    const {site} = gateway;
    site.series(study, seriesOf(study, 1));
    const late = site.series(study, seriesOf(study, 2), {SeriesNumber: '2'}, 10);
    expect((await site.run('populateIncoming')).code).toBe(0);
    expect(await series(gateway)).toEqual(['1 1']);
    site.touch(late, new Date(Date.now() - 61_000));
    expect((await site.run('populateIncoming')).code).toBe(0);
    expect(await series(gateway)).toEqual(['1 1', '2 2']);
  });

  it('never writes over an instance, also when the files of earlier series are gone (PI-1)', async () => {
    const {site, redcap} = gateway;
    await redcap.store('Incoming', [
      {study_instance_uid: study, study_description: 'kept'},
      ...[1, 2, 3].map(n => ({
        study_instance_uid: study,
        redcap_repeat_instrument: 'series',
        redcap_repeat_instance: n,
        series_instance_uid: seriesOf(study, n),
        series_description: `series ${n}`,
      })),
    ]);
    const before = await incoming(gateway, 'series');
    site.series(study, seriesOf(study, 4));
    expect((await site.run('populateIncoming')).code).toBe(0);
    expect((await incoming(gateway, 'series')).slice(0, 3)).toEqual(before);
    expect(await series(gateway)).toEqual(['1 1', '2 2', '3 3', '4 4']);
    expect((await incoming(gateway, ''))[0]).toMatchObject({study_description: 'kept', study_date: '20240131'});
  });

  it('is brought up to date when a series grows, and nothing else is touched (PI-17)', async () => {
    const {site} = gateway;
    site.series(study, seriesOf(study, 1), {NumFiles: '10'});
    site.series(study, seriesOf(study, 2), {SeriesNumber: '2'});
    await site.run('populateIncoming');
    const [base] = await incoming(gateway, '');
    const [, second] = await incoming(gateway, 'series');
    gateway.redcap.proxy.calls = [];
    site.series(study, seriesOf(study, 1), {NumFiles: '20'}, 1800);
    expect((await site.run('populateIncoming')).code).toBe(0);
    const rows = await incoming(gateway, 'series');
    expect(rows[0]).toMatchObject({redcap_repeat_instance: 1, series_num_files: '20'});
    expect(rows[1]).toEqual(second);
    expect(await incoming(gateway, '')).toEqual([base]);
    const written = JSON.parse(
      gateway.redcap.proxy.calls.find(({kind}) => kind === 'import')?.parameters.get('data') ?? '',
    ) as object[];
    expect(written).toHaveLength(1);
  });

  it('keeps its patient when a derived series comes back under a pseudonym (PI-16)', async () => {
    const {site} = gateway;
    site.series(study, seriesOf(study, 1), {StudyDescription: ''});
    await site.run('populateIncoming');
    site.series(study, seriesOf(study, 9), {
      PatientID: 'PX_1',
      PatientName: 'PX_1',
      StudyDescription: 'derived',
      InstitutionName: 'PROJ',
    });
    await site.run('populateIncoming');
    expect((await incoming(gateway, ''))[0]).toMatchObject({
      study_patient_id: '7a895d1032d49fcbaa2d256ad2b7803c9323a73e7b12b9776e2e4151e5b7b982',
      study_institution_name: 'Test Hospital',
      study_description: 'derived',
    });
  });

  it('takes each study value from the first series that has it, by series number (PI-7)', async () => {
    const {site} = gateway;
    site.series(study, seriesOf(study, 1), {SeriesNumber: '10', AccessionNumber: 'TEN', InstitutionName: 'Ten'});
    site.series(study, seriesOf(study, 2), {SeriesNumber: '9', AccessionNumber: ' ', InstitutionName: 'Nine'});
    await site.run('populateIncoming');
    expect((await incoming(gateway, ''))[0]).toMatchObject({
      study_accession_number: 'TEN',
      study_institution_name: 'Nine',
    });
    expect(await series(gateway)).toEqual(['1 2', '2 1']);
  });

  it('may lack almost everything', async () => {
    const {site} = gateway;
    site.summary(
      study,
      `${seriesOf(study, 1)}.json`,
      JSON.stringify({StudyInstanceUID: study, SeriesInstanceUID: seriesOf(study, 1), NumFiles: 'many'}),
    );
    expect((await site.run('populateIncoming')).code).toBe(0);
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect((await incoming(gateway, ''))[0]).toMatchObject({
      study_patient_id: empty,
      study_patient_name: empty,
      study_aetitle_sender: '',
    });
    expect((await incoming(gateway, 'series'))[0]).toMatchObject({series_num_files: '', series_classify_types: ''});
  });

  it('is registered again when its record is deleted and it is sent again', async () => {
    const {site, redcap} = gateway;
    site.series(study, seriesOf(study, 1));
    site.series(study, seriesOf(study, 2), {SeriesNumber: '2'});
    await site.run('populateIncoming');
    await redcap.remove('Incoming', [study]);
    site.series(study, seriesOf(study, 2), {SeriesNumber: '2'}, 1800);
    expect((await site.run('populateIncoming')).code).toBe(0);
    expect(await series(gateway)).toEqual(['1 1', '2 2']);
  });

  it('that was deleted in REDCap comes back with a full pass', async () => {
    const {site, redcap} = gateway;
    site.series(study, seriesOf(study, 1));
    await site.run('populateIncoming');
    await redcap.remove('Incoming', [study]);
    await site.run('populateIncoming');
    expect(await series(gateway)).toEqual([]);
    await site.run('populateIncoming', '--full');
    expect(await series(gateway)).toEqual(['1 1']);
  });

  it('is the same without a state file: nothing is written', async () => {
    const {site} = gateway;
    site.series(study, seriesOf(study, 1));
    await site.run('populateIncoming');
    rmSync(site.stateDir, {recursive: true});
    gateway.redcap.proxy.calls = [];
    expect((await site.run('populateIncoming')).code).toBe(0);
    expect(imports(gateway)).toBe(0);
  });

  it('dated in the future waits until it has not changed for a minute, not for ever', async () => {
    const {site} = gateway;
    site.series(study, seriesOf(study, 1), {}, -86_400);
    site.configure({PIPELINE: {youngSeconds: 0}});
    const {code, stdout} = await site.run('populateIncoming');
    expect(code).toBe(0);
    expect(stdout).toContain('dated in the future');
    expect(await series(gateway)).toEqual(['1 1']);
  });
});

describe('what cannot be registered', () => {
  it.each([
    ['not JSON', '{"StudyInstanceUID": ', 'not-json'],
    ['empty', '', 'not-json'],
    ['a list', '[]', 'not-json'],
    ['without UIDs', '{}', 'missing-uid'],
    [
      'a UID that leads elsewhere',
      JSON.stringify({StudyInstanceUID: '../../etc/x', SeriesInstanceUID: '1'}),
      'uid-mismatch',
    ],
    [
      'the UID of another study',
      JSON.stringify({StudyInstanceUID: otherStudy, SeriesInstanceUID: '1.9'}),
      'uid-mismatch',
    ],
  ])('a summary that is %s is set aside, all else goes on, and it is not looked at again', async (_, text, reason) => {
    const {site} = gateway;
    const bad = site.summary(study, '1.9.json', text);
    site.series(study, seriesOf(study, 1));
    site.series(otherStudy, seriesOf(otherStudy, 1));
    expect((await site.run('populateIncoming')).code).toBe(65);
    expect(await series(gateway)).toEqual(['1 1', '1 1']);
    expect(site.notes('populateIncoming')).toMatchObject({[`${study}/1.9.json`]: {reason}});
    expect(readFileSync(bad, 'utf8')).toBe(text);
    expect((await site.run('populateIncoming')).code).toBe(0);
    site.series(study, '1.9', {SeriesNumber: '2'});
    expect((await site.run('populateIncoming')).code).toBe(0);
    expect(await series(gateway)).toEqual(['1 1', '2 9', '1 1']);
    expect(site.notes('populateIncoming')).toEqual({});
  });

  it('folders and files with impossible names are set aside once', async () => {
    const {site} = gateway;
    site.summary('a..b', '1.json', '{}');
    site.summary(study, 'no uid.json', '{}');
    site.summary(join(study, '1.3.json'), 'inside', '');
    expect((await site.run('populateIncoming')).code).toBe(65);
    expect(site.notes('populateIncoming')).toMatchObject({
      'a..b': {reason: 'invalid-uid'},
      [`${study}/no uid.json`]: {reason: 'invalid-uid'},
      [`${study}/1.3.json`]: {reason: 'no-file'},
    });
    expect((await site.run('populateIncoming', '--full')).code).toBe(0);
    expect(Object.keys(site.notes('populateIncoming'))).toHaveLength(3);
  });

  it('a study that REDCap refuses is set aside, the others are registered', async () => {
    const {site, redcap} = gateway;
    site.series(study, seriesOf(study, 1), {StudyDescription: 'bad'});
    site.series(otherStudy, seriesOf(otherStudy, 1));
    redcap.proxy.fate = ({parameters}) =>
      parameters.get('data')?.includes('"bad"')
        ? {status: 400, body: JSON.stringify({error: `"${study}","study_description","bad","not like this"`})}
        : 'pass';
    expect((await site.run('populateIncoming')).code).toBe(65);
    expect((await incoming(gateway, '')).map(row => row.study_instance_uid)).toEqual([otherStudy]);
    expect(site.notes('populateIncoming')).toMatchObject({[study]: {reason: 'refused-by-redcap'}});
    redcap.proxy.calls = [];
    expect((await site.run('populateIncoming')).code).toBe(0);
    expect(imports(gateway)).toBe(0);
    redcap.proxy.fate = () => 'pass';
    expect((await site.run('populateIncoming', '--full')).code).toBe(0);
    expect(await incoming(gateway, '')).toHaveLength(2);
    expect(site.notes('populateIncoming')).toEqual({});
  });

  it('a study that REDCap does not confirm is left for the next run', async () => {
    const {site, redcap} = gateway;
    site.series(study, seriesOf(study, 1));
    redcap.proxy.fate = ({kind}) => (kind === 'import' ? {status: 200, body: '[]'} : 'pass');
    expect((await site.run('populateIncoming')).code).toBe(69);
    redcap.proxy.fate = () => 'pass';
    expect((await site.run('populateIncoming')).code).toBe(0);
    expect(await series(gateway)).toEqual(['1 1']);
  });
});

describe('an older project Incoming', () => {
  it('without study_arrival_date gets rows without it and one warning (RC-1)', async () => {
    const {site, redcap} = gateway;
    const dictionary = JSON.parse(readFileSync(dictionaryFile, 'utf8')) as {metadata: {field_name: string}[]};
    const metadata = dictionary.metadata.filter(({field_name: name}) => name !== 'study_arrival_date');
    useIncoming(await redcap.sandbox.load({...dictionary, metadata}));
    site.series(study, seriesOf(study, 1));
    const {code, stdout} = await site.run('populateIncoming');
    expect(code).toBe(0);
    expect(stdout.match(/ WARN .*study_arrival_date/g)).toHaveLength(1);
    expect(stdout).toContain('new_series 1');
  });

  it('without a field that is needed is a configuration error that names it', async () => {
    const {site, redcap} = gateway;
    const dictionary = JSON.parse(readFileSync(dictionaryFile, 'utf8')) as {metadata: {field_name: string}[]};
    const metadata = dictionary.metadata.filter(({field_name: name}) => name !== 'series_num_files');
    useIncoming(await redcap.sandbox.load({...dictionary, metadata}));
    site.series(study, seriesOf(study, 1));
    const {code, stdout} = await site.run('populateIncoming');
    expect(code).toBe(78);
    expect(stdout).toContain('series_num_files');
    expect(imports(gateway)).toBe(0);
  });

  const dictionaryFile = join(import.meta.dirname, '../../../sandbox/projects/Incoming.json');

  function useIncoming(token: string): void {
    const {site} = gateway;
    const file = join(site.dir, 'token');
    writeFileSync(file, `${token}\n`, {mode: 0o600});
    const section = site.config().REDCAP as {projects: Record<string, unknown>};
    site.configure({REDCAP: {...section, projects: {...section.projects, Incoming: {tokenFile: file}}}});
  }
});

describe('the switches', () => {
  it('--dry-run says what it would do and changes nothing anywhere', async () => {
    const {site} = gateway;
    site.series(study, seriesOf(study, 1));
    site.summary(study, '1.9.json', '{');
    const {stdout} = await site.run('populateIncoming', '--dry-run');
    expect(stdout).toContain(`${study}: register 1 new series`);
    expect(await incoming(gateway, '')).toEqual([]);
    expect(site.notes('populateIncoming')).toEqual({});
    expect((await site.run('populateIncoming')).code).toBe(65);
  });

  it('--json prints the result alone on standard output', async () => {
    const {site} = gateway;
    site.series(study, seriesOf(study, 1));
    const {stdout} = await site.run('populateIncoming', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      series: 1,
      studies: [{study, newSeries: 1, transfers: []}],
      set_aside: 0,
    });
  });

  it('nothing that identifies a patient is logged or kept in the state', async () => {
    const {site} = gateway;
    site.series(study, seriesOf(study, 1));
    site.series(study, seriesOf(study, 2), {StudyInstanceUID: 'BERG^ÅSE'});
    const {stdout, stderr} = await site.run('populateIncoming', '--verbose');
    const kept = readFileSync(join(site.stateDir, 'populateIncoming.json'), 'utf8');
    for (const text of [stdout, stderr, kept, JSON.stringify(site.notes('populateIncoming'))]) {
      expect(text).not.toMatch(/BERG|PAT-0007|ACC1/);
    }
  });
});
