import {mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it, onTestFinished} from 'vitest';
import type {Clock} from '../../src/cli/clock.ts';
import {openSetAside} from '../../src/fs/setAside.ts';

function aStateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fiona-set-aside-'));
  onTestFinished(() => rm(folder, {recursive: true, force: true}));
  return join(folder, 'state');
}

const clockAt = (time: string): Clock => ({now: () => new Date(time), monotonic: () => 0});
const item = {key: '1.2/1.2.1.json', reason: 'not-json', detail: 'It is not JSON.', version: '1000-8'};

describe('what a tool sets aside', () => {
  it('is noted in a file of its own, since its first time, and known to the next run', async () => {
    const stateDir = aStateFolder();
    const first = await openSetAside(stateDir, 'aTool', {clock: clockAt('2024-01-31T10:00:00Z')});
    expect(first.has(item.key, item.version)).toBe(false);
    await first.note(item);
    expect(first.noted).toBe(1);
    const second = await openSetAside(stateDir, 'aTool', {clock: clockAt('2024-01-31T11:00:00Z')});
    expect(second.has(item.key, item.version)).toBe(true);
    expect(second.has(item.key, 'another')).toBe(false);
    expect(second.noted).toBe(0);
    expect(second.list()).toEqual([{item: item.key, reason: item.reason, detail: item.detail}]);
    await second.note({...item, version: 'another'});
    const folder = join(stateDir, 'set-aside', 'aTool');
    expect(readdirSync(folder)).toEqual(['1.2_1.2.1.json.reason.json']);
    expect(JSON.parse(readFileSync(join(folder, '1.2_1.2.1.json.reason.json'), 'utf8'))).toEqual({
      item: item.key,
      tool: 'aTool',
      reason: item.reason,
      detail: item.detail,
      version: 'another',
      at: '2024-01-31T11:00:00.000Z',
      since: '2024-01-31T10:00:00.000Z',
    });
    expect(statSync(stateDir).mode & 0o077).toBe(0);
  });

  it('is forgotten when it is fine again or gone', async () => {
    const stateDir = aStateFolder();
    const setAside = await openSetAside(stateDir, 'aTool', {clock: clockAt('2024-01-31T10:00:00Z')});
    for (const key of ['a', 'b', 'c']) await setAside.note({...item, key});
    await setAside.clear('a');
    await setAside.clear('never there');
    await setAside.prune(key => key === 'c');
    expect(setAside.list().map(note => note.item)).toEqual(['c']);
    expect(readdirSync(join(stateDir, 'set-aside', 'aTool'))).toEqual(['c.reason.json']);
  });

  it('is only counted in a dry run', async () => {
    const stateDir = aStateFolder();
    const setAside = await openSetAside(stateDir, 'aTool', {clock: clockAt('2024-01-31T10:00:00Z'), dryRun: true});
    await setAside.note(item);
    expect(setAside.noted).toBe(1);
    const next = await openSetAside(stateDir, 'aTool', {clock: clockAt('2024-01-31T10:00:00Z')});
    expect(next.list()).toEqual([]);
  });

  it('may lie beside notes that make no sense', async () => {
    const stateDir = aStateFolder();
    const folder = join(stateDir, 'set-aside', 'aTool');
    mkdirSync(folder, {recursive: true});
    for (const [name, text] of [
      ['a.reason.json', '{'],
      ['b.reason.json', '[]'],
      ['c.reason.json', '{"item": 1}'],
      ['d.txt', ''],
    ] as const) {
      writeFileSync(join(folder, name), text);
    }
    expect((await openSetAside(stateDir, 'aTool', {clock: clockAt('2024-01-31T10:00:00Z')})).list()).toEqual([]);
  });
});
