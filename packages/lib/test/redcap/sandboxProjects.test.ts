import {createServer, request} from 'node:http';
import type {AddressInfo} from 'node:net';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../src/cli/clock.ts';
import {resolveEvent} from '../../src/redcap/eventName.ts';
import {readView} from '../../src/redcap/incremental.ts';
import {aClient, failureOf, recordedLog} from './support/client.ts';
import {projectL, projectS, type Sandbox, startSandbox} from './support/sandbox.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({}, 'tls');
});
afterAll(() => sandbox.stop());

/** Over TLS: the sandbox brings an authority of its own. */
function clientOf(project: object = projectS()) {
  return aClient(sandbox.url, {token: sandbox.load(project), http: {caFile: sandbox.caFile}});
}

describe('a longitudinal project', () => {
  it('has events, mapping and repeating instruments, and rows carry their event', async () => {
    const {redcap} = clientOf(projectL());
    expect(await redcap.project()).toMatchObject({longitudinal: true, repeating: true});
    const events = await redcap.events();
    expect(events).toMatchObject([{name: 'event_1_arm_1', label: 'First', arm: 1}, {name: 'week_12_arm_1'}]);
    expect(resolveEvent('Week 12', events)).toBe('week_12_arm_1');
    expect(await redcap.repeating()).toEqual([{event: 'event_1_arm_1', form: 'imaging'}]);
    expect(await redcap.mapping()).toContainEqual({event: 'week_12_arm_1', form: 'person', arm: 1});
    expect(await redcap.forms()).toMatchObject([{name: 'person'}, {name: 'imaging'}]);
    expect(await redcap.fieldNames()).toContainEqual({field: 'img_uid', choice: '', column: 'img_uid'});
    const imaging = {record: 'P_01', event: 'event_1_arm_1', form: 'imaging'};
    expect(await redcap.read({fields: ['img_uid'], onlyForm: 'imaging'})).toEqual([
      {...imaging, instance: 3, values: {record_id: 'P_01', img_uid: '2.25.1'}},
    ]);
    expect(await redcap.append([{...imaging, values: {img_uid: '2.25.2'}}])).toMatchObject([{instance: 4}]);
    await redcap.write([{record: 'P_01', event: 'week_12_arm_1', values: {first_name: 'P_01'}}], {verify: 'values'});
    expect(await redcap.read({fields: ['first_name'], records: ['P_01'], events: ['week_12_arm_1']})).toHaveLength(1);
  });

  it('keeps documents', async () => {
    const {redcap} = clientOf(projectL());
    const place = {record: 'P_01', event: 'event_1_arm_1', field: 'img_file', instance: 3};
    const bytes = Buffer.from([0, 1, 2, 255, 254, 13, 10]);
    await redcap.file.put(place, 'scan "1".bin', bytes);
    expect((await redcap.file.get(place)).bytes.equals(bytes)).toBe(true);
    await redcap.file.remove(place);
    expect((await failureOf(redcap.file.get(place))).kind).toBe('rejected');
  });

  it('tells version, next name and log', async () => {
    const {redcap} = clientOf();
    expect(await redcap.version()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await redcap.nextName()).toBe('11');
    await redcap.write([{record: '11', values: {name: 'x'}}]);
    const entries = await redcap.log({from: new Date(Date.now() - 60_000)});
    expect(entries.some(entry => entry.record === '11' || entry.action.includes('11'))).toBe(true);
  });
});

describe('a sandbox with TLS', () => {
  it('is not trusted without its authority', async () => {
    const {redcap} = aClient(sandbox.url);
    expect(await failureOf(redcap.version())).toMatchObject({kind: 'tls', exitCode: 78});
  });
});

describe('an incremental view', () => {
  it('sees what was written since, and nothing else', async () => {
    const {redcap} = clientOf();
    const view = {
      query: {fields: ['name']},
      overlapSeconds: 0,
      reconcileMinutes: 60,
      log: recordedLog(),
      clock: systemClock,
    };
    const first = await readView(redcap, {...view, state: undefined});
    expect(first.rows).toHaveLength(4);
    // the log of the server counts whole seconds
    const later = {...first.next, since: new Date(Date.now() + 1100).toISOString()};
    expect((await readView(redcap, {...view, state: later})).rows).toEqual([]);
    await redcap.write([{record: '2', values: {name: 'Bo'}}]);
    const second = await readView(redcap, {...view, state: first.next, overlapSeconds: 2});
    expect(second.rows.filter(row => row.record === '2')).toMatchObject([{values: {name: 'Bo'}}]);
  });

  it('C-22 misses nothing when the clock of the server is 3 minutes behind', async () => {
    const behind = new Date(Date.now() - 180_000);
    const slow = await startSandbox({FIONA_SANDBOX_NOW: behind.toISOString()});
    // the Date header as that server would send it
    const proxy = createServer((incoming, outgoing) => {
      const forwarded = request(slow.url, {method: 'POST', headers: incoming.headers}, answer => {
        outgoing.writeHead(answer.statusCode ?? 500, {...answer.headers, date: behind.toUTCString()});
        answer.pipe(outgoing);
      });
      incoming.pipe(forwarded);
    });
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/api/`;
      const {redcap} = aClient(url, {token: slow.load(projectS())});
      const clock = systemClock;
      const view = {query: {fields: ['name']}, overlapSeconds: 120, reconcileMinutes: 60, log: recordedLog(), clock};
      const {next} = await readView(redcap, {...view, state: undefined});
      await redcap.write([{record: '2', values: {name: 'Bo'}}]);
      const changes = await readView(redcap, {...view, state: next});
      expect(changes.pass).toBe('changes');
      expect(changes.rows.filter(row => row.record === '2')).toMatchObject([{values: {name: 'Bo'}}]);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
      await slow.stop();
    }
  });
});
