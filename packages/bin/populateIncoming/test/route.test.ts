import {describe, expect, it} from 'vitest';
import {addCoupling, addRule, imports, otherStudy, series, seriesOf, study, transfers, useGateway} from './support.ts';

const gateway = useGateway();
/** Destinations that Routing of the sandbox has as choices. */
const [brain, knee] = ['DEMO-BRAIN', 'DEMO-KNEE'];

describe('the coupling list', () => {
  it('counts the newest entry of each project; a newer one adds a transfer without new images (PI-5)', async () => {
    const {site} = gateway;
    await addCoupling(gateway, 5, {accession: 'ACC1', project: 'PROJ', subject: 'P_01'});
    await addCoupling(gateway, 9, {accession: 'ACC1', project: 'PROJ', subject: 'P_02'});
    await addCoupling(gateway, 7, {accession: 'ACC1', project: 'QC', subject: 'Q_1'});
    site.series(study, seriesOf(study, 1));
    expect((await site.run('populateIncoming')).code).toBe(0);
    expect(await transfers(gateway)).toEqual(['1 QC Q_1', '2 PROJ P_02']);
    await addCoupling(gateway, 12, {accession: 'ACC1', project: 'PROJ', subject: 'P_03'});
    expect((await site.run('populateIncoming')).code).toBe(0);
    expect(await transfers(gateway)).toEqual(['1 QC Q_1', '2 PROJ P_02', '3 PROJ P_03']);
    gateway.redcap.proxy.calls = [];
    await site.run('populateIncoming');
    expect(gateway.redcap.proxy.calls).toHaveLength(2);
  });

  it('may be filled before or after the images arrive, by accession number or StudyInstanceUID, with blanks around (PI-6)', async () => {
    const {site} = gateway;
    site.series(study, seriesOf(study, 1), {AccessionNumber: 'ACC1 '});
    await site.run('populateIncoming');
    await addCoupling(gateway, 1, {accession: ' ACC1', project: 'PROJ', subject: 'P_01', event: 'Baseline'});
    await addCoupling(gateway, 2, {studyUid: otherStudy, project: 'PROJ', subject: 'P_02'});
    await site.run('populateIncoming');
    expect(await transfers(gateway)).toEqual(['1 PROJ P_01 Baseline']);
    site.series(otherStudy, seriesOf(otherStudy, 1), {AccessionNumber: ''});
    await site.run('populateIncoming');
    expect(await transfers(gateway)).toEqual(['1 PROJ P_01 Baseline', '1 PROJ P_02']);
  });

  it('is asked for the entries of a new study when they came long ago', async () => {
    const {site} = gateway;
    await addCoupling(gateway, 1, {accession: 'ACC1', project: 'PROJ', subject: 'P_01'});
    await site.run('populateIncoming');
    site.configure({REDCAP: {...redcapSection(), overlapSeconds: 0}});
    await site.run('populateIncoming');
    site.series(study, seriesOf(study, 1));
    await site.run('populateIncoming');
    expect(await transfers(gateway)).toEqual(['1 PROJ P_01']);
  });

  it('adds no transfer that is there, whoever made it and under whatever instance', async () => {
    const {site, redcap} = gateway;
    site.series(study, seriesOf(study, 1));
    await site.run('populateIncoming');
    await redcap.store('Incoming', [
      {
        study_instance_uid: study,
        redcap_repeat_instrument: 'transfers',
        redcap_repeat_instance: 4,
        transfer_project_name: 'PROJ',
        transfer_name: 'P_01',
      },
    ]);
    await addCoupling(gateway, 1, {accession: 'ACC1', project: 'PROJ', subject: 'P_01'});
    await addCoupling(gateway, 2, {accession: 'ACC1', project: 'QC', subject: 'Q_1'});
    await site.run('populateIncoming');
    expect(await transfers(gateway)).toEqual(['4 PROJ P_01', '5 QC Q_1']);
  });

  it('warns of an entry without subject and goes on', async () => {
    const {site} = gateway;
    await addCoupling(gateway, 3, {accession: 'ACC1', project: 'PROJ', subject: ''});
    site.series(study, seriesOf(study, 1));
    const {code, stdout} = await site.run('populateIncoming');
    expect(code).toBe(0);
    expect(stdout).toContain('WARN CouplingList record 3 has no subject');
    expect(await transfers(gateway)).toEqual([]);
  });
});

describe('routing', () => {
  it('sends a new study where the rules say, under its PatientID, once', async () => {
    const {site} = gateway;
    await addRule(gateway, 1, {project: brain, called: 'PROJX', id: 'PX_\\d{3}', event: 'Baseline'});
    site.series(study, seriesOf(study, 1), arrivedAs('PROJX', 'PX_004'));
    expect((await site.run('populateIncoming')).code).toBe(0);
    expect(await transfers(gateway)).toEqual([`1 ${brain} PX_004 Baseline`]);
    site.series(study, seriesOf(study, 2), {...arrivedAs('PROJX', 'PX_005'), SeriesNumber: '2'});
    await site.run('populateIncoming');
    expect(await series(gateway)).toEqual(['1 1', '2 2']);
    expect(await transfers(gateway)).toEqual([`1 ${brain} PX_004 Baseline`]);
  });

  it('leaves a project alone to which a person has coupled the study', async () => {
    const {site} = gateway;
    await addRule(gateway, 1, {project: brain, called: 'PROJX', id: 'PX_'});
    await addCoupling(gateway, 1, {accession: 'ACC1', project: brain, subject: 'P_01'});
    site.series(study, seriesOf(study, 1), arrivedAs('PROJX', 'PX_004'));
    await site.run('populateIncoming');
    expect(await transfers(gateway)).toEqual([`1 ${brain} P_01`]);
  });

  it('names rules that are broken or can never fire, and follows the others (PI-4)', async () => {
    const {site} = gateway;
    await addRule(gateway, 1, {project: brain, called: 'PROJX', id: '(PX_'});
    await addRule(gateway, 2, {project: brain, called: 'PROJX'});
    await addRule(gateway, 3, {project: knee, called: 'PROJX', name: 'PX'});
    await addRule(gateway, 4, {project: brain, called: 'PROJX', id: '.', active: '0'});
    site.series(study, seriesOf(study, 1), arrivedAs('PROJX', 'PX_004'));
    const {code, stdout} = await site.run('populateIncoming');
    expect(code).toBe(65);
    expect(stdout).toContain('Routing record 1, routing_allowed_patientid: ');
    expect(stdout).toContain('rule 2 can never fire: no pattern');
    expect(await transfers(gateway)).toEqual([`1 ${knee} PX_004`]);
    expect(Object.keys(site.notes('populateIncoming'))).toEqual(['Routing/1/routing_allowed_patientid']);
    await addRule(gateway, 1, {project: brain, called: 'PROJX', id: 'PX_'});
    expect((await site.run('populateIncoming', '--importAll', brain)).code).toBe(0);
    expect(await transfers(gateway)).toEqual([`1 ${knee} PX_004`, `2 ${brain} PX_004`]);
    expect(site.notes('populateIncoming')).toEqual({});
  });

  it('makes no transfer under a name that can not be a pseudonym, and tells somebody', async () => {
    const {site} = gateway;
    await addRule(gateway, 1, {project: brain, called: 'PROJX', name: 'BERG'});
    site.series(study, seriesOf(study, 1), {...arrivedAs('PROJX', 'x'), PatientName: 'BERG^ÅSE'});
    const {code, stdout} = await site.run('populateIncoming');
    expect(code).toBe(65);
    expect(stdout).not.toMatch(/BERG/);
    expect(await series(gateway)).toEqual(['1 1']);
    expect(await transfers(gateway)).toEqual([]);
    expect(site.notes('populateIncoming')).toMatchObject({[`${study}/Routing/1`]: {reason: 'invalid-subject'}});
  });

  it('--importAll applies the rules of one project to every study on disk and rewrites nothing (PI-11)', async () => {
    const {site} = gateway;
    for (const one of [study, otherStudy]) site.series(one, seriesOf(one, 1), arrivedAs('PROJX', `PX_${one.at(-1)}`));
    await site.run('populateIncoming');
    await addRule(gateway, 1, {project: brain, called: 'PROJX', id: 'PX_'});
    await addRule(gateway, 2, {project: knee, called: 'PROJX', id: 'PX_'});
    await site.run('populateIncoming');
    expect(await transfers(gateway)).toEqual([]);
    gateway.redcap.proxy.calls = [];
    expect((await site.run('populateIncoming', '--importAll', brain)).code).toBe(0);
    expect(await transfers(gateway)).toEqual([`1 ${brain} PX_1`, `1 ${brain} PX_2`]);
    expect(imports(gateway)).toBe(1);
    await site.run('populateIncoming', '--importAll', brain);
    expect(imports(gateway)).toBe(1);
  });

  it('--importAll of a project that Routing does not know is a usage error', async () => {
    const {code, stdout} = await gateway.site.run('populateIncoming', '--importAll', 'NO SUCH');
    expect(code).toBe(64);
    expect(stdout).toContain('NO SUCH');
  });
});

function arrivedAs(called: string, patient: string): Record<string, unknown> {
  return {
    IncomingConnection: {AETitleCaller: 'MR1', AETitleCalled: called, CallerIP: '192.0.2.7'},
    PatientID: patient,
    PatientName: patient,
  };
}

function redcapSection(): Record<string, unknown> {
  return gateway.site.config().REDCAP as Record<string, unknown>;
}
