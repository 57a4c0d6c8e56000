import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {gatewayForEachTest} from './support/eachTest.ts';
import {mapped} from './support/gateway.ts';
import {placeStudy, smallStudy} from './support/sampleOnDisk.ts';

const test = gatewayForEachTest();
const {run} = test;

/** A study on disk and asked for, in whose second instance (of the first series) some elements are others. */
async function studyWith(change: Record<string, string>): Promise<string> {
  const study = smallStudy();
  const instances = study.instances.map((each, n) =>
    n === 1 ? {...each, dataSet: {...each.dataSet, ...change}} : each,
  );
  placeStudy(test.gateway.dataDir, {...study, instances});
  await test.gateway.ask(study.studyInstanceUid);
  return study.studyInstanceUid;
}

const somebodyElse = {PatientID: 'X-99', PatientName: 'ELSE^ANNA', PatientBirthDate: '19990909'};

describe('a series of two patients', () => {
  it('does not leave, and the message says what an operator can do', async () => {
    const uid = await studyWith(somebodyElse);
    expect((await run()).code).toBe(65);
    expect(test.gateway.stored(uid)).toEqual([]);
    const {error} = test.gateway.json('fail', '_fail_messages.log');
    expect(error).toMatch(/holds instances of 2 patients; ask the sender; .* --request and --accept-quarantine/);
    expect(JSON.stringify(test.gateway.json('fail', '_fail_messages.log'))).not.toMatch(/ELSE|ANNA|X-99/);
    expect(await test.gateway.row(uid)).toMatchObject({transfer_error___1: '1', transfers_complete: '1'});
  });

  it('leaves as one subject when an operator has looked, and REDCap keeps that', async () => {
    const uid = await studyWith(somebodyElse);
    await run();
    const [name = ''] = test.gateway.names('fail').filter(each => each.endsWith('_fail.log'));
    const request = join(test.gateway.path('fail'), name);
    expect((await run({request, acceptQuarantine: true})).code).toBe(0);
    expect(test.gateway.stored(uid)).toHaveLength(6);
    expect(await test.gateway.row(uid)).toMatchObject({
      transfer_mapped_uid: mapped(uid, 'study'),
      transfer_error_message: expect.stringContaining('instances of 2 patients were sent as one'),
    });
  });

  it.each<[string, Record<string, string>]>([
    ['has another id only', {PatientID: 'X-99'}],
    ['has a corrected name only', {PatientName: 'ELSE^ANNA'}],
    ['came back under the pseudonym', {PatientID: 'PROJ_0017', PatientName: 'PROJ_0017', PatientBirthDate: ''}],
    ['was de-identified before', {...somebodyElse, PatientIdentityRemoved: 'YES'}],
  ])('is one of a single patient when the other instance %s', async (_, change) => {
    const uid = await studyWith(change);
    expect((await run()).code).toBe(0);
    expect(test.gateway.stored(uid)).toHaveLength(6);
  });
});
