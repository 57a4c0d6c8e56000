import type {Transfer} from '@fiona/lib/redcap/incoming';
import {describe, expect, it} from 'vitest';
import {type Decision, decide, doublyNamed, type StudyOnDisk} from '../src/decide.ts';

const timeZone = 'Europe/Oslo';
const quietSeconds = 60;
/** Local time of the site, winter. */
const at = (time: string) => new Date(`2024-01-31T${time}+01:00`).getTime();
const disk = {newest: at('10:00:30'), archived: true};

const row = (change: Partial<Transfer> = {}): Transfer => ({
  study: '1.2.3',
  instance: 1,
  project: 'PROJ',
  name: 'P_01',
  event: '',
  requestedDate: '',
  date: '',
  complete: '',
  ...change,
});

type OnDisk = StudyOnDisk | undefined;

const kindOf = (change: Partial<Transfer>, onDisk: OnDisk, now = '10:05:00'): Decision['kind'] =>
  decide(row(change), onDisk, {nowMs: at(now), quietSeconds, timeZone}).kind;

describe('a transfer row', () => {
  it.each<[string, Partial<Transfer>, OnDisk, Decision['kind']]>([
    ['without project', {project: ''}, disk, 'no-request'],
    ['without name', {name: ''}, disk, 'no-request'],
    ['with an invalid UID', {study: '../1'}, disk, 'set-aside'],
    ['with a UID that has to be trimmed', {study: '1.2.3 '}, disk, 'set-aside'],
    ['without an instance', {instance: 0}, disk, 'set-aside'],
    ['with an impossible date', {date: '31.01.2024'}, disk, 'set-aside'],
    ['with a date that is no day', {date: '2024-02-30 10:00'}, disk, 'set-aside'],
    ['finished, no folder', {date: '2024-01-31 10:00'}, undefined, 'done'],
    ['outstanding, no folder, failure reported', {complete: '1'}, undefined, 'no-data'],
    ['outstanding, only dead links left, failure reported', {complete: '1'}, {...disk, archived: false}, 'no-data'],
    ['outstanding, only dead links left, not yet tried', {}, {...disk, archived: false}, 'request'],
    ['outstanding, no folder, not yet tried', {}, undefined, 'request'],
    ['outstanding, no folder, untouched form', {complete: '0'}, undefined, 'request'],
    ['outstanding, folder without summary', {}, {newest: undefined, archived: true}, 'arriving'],
    ['finished, folder without summary', {date: '2024-01-31 10:00'}, {newest: undefined, archived: true}, 'arriving'],
    ['outstanding, quiet', {}, disk, 'request'],
    ['outstanding, failure reported, data is back', {complete: '1'}, disk, 'request'],
    ['finished before the newest series', {date: '2024-01-31 10:00'}, disk, 'request'],
    ['finished before, with seconds', {date: '2024-01-31 10:00:29'}, disk, 'request'],
    ['finished after the newest series', {date: '2024-01-31 10:01'}, disk, 'done'],
    ['finished at that very second', {date: '2024-01-31 10:00:30'}, disk, 'done'],
  ])('%s', (_, change, onDisk, kind) => {
    expect(kindOf(change, onDisk)).toBe(kind);
  });

  it('waits until the study has been quiet for a minute (CT-5)', () => {
    expect(kindOf({}, disk, '10:01:00')).toBe('arriving');
    expect(kindOf({}, disk, '10:01:29')).toBe('arriving');
    expect(kindOf({}, disk, '10:01:30')).toBe('request');
    expect(kindOf({date: '2024-01-31 10:00'}, disk, '10:01:00')).toBe('arriving');
  });

  it('waits while the newest series is dated in the future', () => {
    expect(kindOf({}, disk, '09:00:00')).toBe('arriving');
  });

  it('carries the row into the request, and when it is sent again why', () => {
    const transfer = row({event: 'Baseline', requestedDate: '2024-01-31 09:00', date: '2024-01-31 10:00', instance: 3});
    expect(decide(transfer, disk, {nowMs: at('10:05:00'), quietSeconds, timeZone})).toEqual({
      kind: 'request',
      request: {
        study: '1.2.3',
        instance: 3,
        project: 'PROJ',
        name: 'P_01',
        event: 'Baseline',
        requestedDate: '2024-01-31 09:00',
        transferDate: '2024-01-31 10:00',
      },
      again: {newest: new Date(at('10:00:30')), transferred: new Date(at('10:00:00'))},
    });
  });

  it('is sent again in the night when clocks go back, rather than missed (CT-8)', () => {
    // received in the second pass of the hour, transferred in the first
    const newest = new Date('2024-10-27T01:30:00Z').getTime();
    const transfer = row({date: '2024-10-27 02:10'});
    const {kind} = decide(transfer, {newest, archived: true}, {nowMs: newest + 600_000, quietSeconds, timeZone});
    expect(kind).toBe('request');
  });
});

it('a study that goes to one project under two names is noticed', () => {
  const requests = (
    [
      ['1.2.3', 'A', 'x'],
      ['1.2.3', 'A', 'y'],
      ['1.2.3', 'B', 'x'],
      ['1.2.4', 'A', 'x'],
      ['1.2.4', 'A', 'x'],
    ] as const
  ).map(([study, project, name]) => {
    const decision = decide(row({study, project, name}), disk, {nowMs: at('10:05:00'), quietSeconds, timeZone});
    if (decision.kind !== 'request') throw new Error(decision.kind);
    return decision.request;
  });
  expect(doublyNamed(requests)).toEqual([{study: '1.2.3', project: 'A'}]);
});
