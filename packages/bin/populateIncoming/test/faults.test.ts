import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {Fate, ProxiedCall} from '../../../../test/support/redcapProxy.ts';
import {addCoupling, addRule, dump, imports, otherStudy, seriesOf, study, useGateway} from './support.ts';

const gateway = useGateway();
const brain = 'DEMO-BRAIN';

/** Two studies, one routed and one coupled: what an undisturbed run makes of them is the final state of all tests here. */
async function twoStudies(): Promise<void> {
  const {site} = gateway;
  await addRule(gateway, 1, {project: brain, called: 'PROJX', id: 'PX_'});
  await addCoupling(gateway, 1, {studyUid: otherStudy, project: 'QC', subject: 'Q_1'});
  const connection = {AETitleCaller: 'MR1', AETitleCalled: 'PROJX', CallerIP: '192.0.2.7'};
  for (const one of [study, otherStudy]) {
    for (const n of [1, 2])
      site.series(one, seriesOf(one, n), {
        SeriesNumber: String(n),
        PatientID: 'PX_004',
        IncomingConnection: connection,
      });
  }
}

async function undisturbed(): Promise<string> {
  expect((await gateway.site.run('populateIncoming')).code).toBe(0);
  const final = await dump(gateway);
  expect(final).toContain('PX_004');
  expect(final).toContain('Q_1');
  return final;
}

const isExport = ({kind, content}: ProxiedCall) => kind === 'export' && content === 'record';

describe('when REDCap is in trouble', () => {
  it.each<[string, Fate, number]>([
    ['a web page with status 200', {status: 200, contentType: 'text/html', body: '<!DOCTYPE html><p>Maintenance'}, 69],
    ['status 500', {status: 500, contentType: 'text/html', body: 'oops'}, 69],
    ['an error object with status 200', {status: 200, body: '{"error":"something"}'}, 69],
    ['cut-off JSON', {status: 200, body: '[{"study_instance_uid":"1.2'}, 69],
    ['an empty answer', {status: 200, body: ''}, 69],
    ['a refused token', {status: 403, body: '{"error":"You do not have permissions to use the API"}'}, 78],
    ['a broken connection', 'reset', 69],
  ])('that answers with %s nothing is written, and the next run completes (PI-2, PI-3)', async (_, fate, code) => {
    await twoStudies();
    const {site, redcap} = gateway;
    // coupling list, records of the studies, rules
    for (const disturbed of [1, 2, 3]) {
      let exports = 0;
      redcap.proxy.fate = call => (isExport(call) && ++exports >= disturbed ? fate : 'pass');
      expect((await site.run('populateIncoming')).code).toBe(code);
      expect(imports(gateway)).toBe(0);
    }
    redcap.proxy.fate = () => 'pass';
    await undisturbed();
  });

  it('that stores the rows but breaks the connection, everything is there once', async () => {
    await twoStudies();
    const {site, redcap} = gateway;
    redcap.proxy.fate = ({kind}) => (kind === 'import' ? 'resetAfterCommit' : 'pass');
    expect((await site.run('populateIncoming')).code).toBe(69);
    const stored = await dump(gateway);
    redcap.proxy.fate = () => 'pass';
    expect(await undisturbed()).toBe(stored);
  });

  it('that is not there at all the run ends with one clear line', async () => {
    const {site} = gateway;
    site.configure({REDCAP: {...(site.config().REDCAP as object), url: 'http://127.0.0.1:9/api/'}});
    const {code, stdout} = await site.run('populateIncoming');
    expect(code).toBe(69);
    expect(stdout.split('\n').filter(line => line.includes(' ERROR '))).toHaveLength(1);
  });
});

describe('a run that is killed', () => {
  it('at any of its calls leaves a state from which the next run comes to the same end (PI-13)', async () => {
    await twoStudies();
    const {site, redcap} = gateway;
    const final = await undisturbed();
    const moments = redcap.proxy.calls.filter(({content}) => content === 'record').map(({number}) => number);
    const lastCall = moments.at(-1) ?? 0;
    for (const {number, when} of [
      ...moments.map(number => ({number, when: 'after'})),
      {number: lastCall, when: 'before'},
    ]) {
      await redcap.reset();
      await twoStudies();
      site.forget();
      const running = site.start('populateIncoming');
      const kill = (call: ProxiedCall) => call.number === number && running.process.kill('SIGKILL');
      redcap.proxy.fate = call => (when === 'before' && kill(call) ? 'reset' : 'pass');
      redcap.proxy.answered = call => void (when === 'after' && kill(call));
      expect((await running.ended).code).toBeNull();
      redcap.proxy.fate = () => 'pass';
      redcap.proxy.answered = () => {};
      expect(await undisturbed()).toBe(final);
    }
  });

  it('by SIGTERM ends in order and completes next time', async () => {
    await twoStudies();
    const {site, redcap} = gateway;
    const running = site.start('populateIncoming');
    redcap.proxy.answered = call => void (call.number === 3 && running.process.kill('SIGTERM'));
    expect((await running.ended).code).toBe(75);
    redcap.proxy.answered = () => {};
    await undisturbed();
  });
});

describe('two runs at once', () => {
  it('the second one leaves with 75, and the result is that of one', async () => {
    await twoStudies();
    const {site, redcap} = gateway;
    const started = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    redcap.proxy.fate = async (): Promise<Fate> => {
      started.resolve();
      await released.promise;
      return 'pass';
    };
    const first = site.start('populateIncoming');
    await started.promise;
    expect((await site.run('populateIncoming')).code).toBe(75);
    released.resolve();
    expect((await first.ended).code).toBe(0);
    redcap.proxy.fate = () => 'pass';
    const final = await dump(gateway);
    expect(await undisturbed()).toBe(final);
  });
});

describe('the configuration', () => {
  it('names every missing key at once', async () => {
    const {site} = gateway;
    site.configure({REDCAP: {}});
    const {code, stdout} = await site.run('populateIncoming');
    expect(code).toBe(78);
    for (const key of [
      'REDCAP.url',
      'REDCAP.projects.Incoming.tokenFile',
      'REDCAP.projects.Routing.tokenFile',
      'REDCAP.projects.CouplingList.tokenFile',
    ]) {
      expect(stdout).toContain(key);
    }
    expect(existsSync(join(site.stateDir, 'populateIncoming.json'))).toBe(false);
  });
});
