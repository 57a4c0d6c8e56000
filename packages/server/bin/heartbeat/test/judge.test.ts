import {describe, expect, it} from 'vitest';
import {type Echo, judge, type Observation} from '../src/judge.ts';
import type {Memory} from '../src/memory.ts';
import {inTime, isWorthTelling, type Report} from '../src/report.ts';
import {mayRestart, mostRestarts} from '../src/restartPolicy.ts';
import {showWork} from '../src/signs.ts';

const daemon = {pid: 4711, startTime: '100', since: '2026-01-02T03:04:05.000Z'};
const own = {pid: 4711, command: 'node'};
const other = {pid: 12, command: 'storescp'};
const answer: Echo = {kind: 'answer', milliseconds: 3};
const silence: Echo = {kind: 'silence', why: 'no answer within 20 s (timeout)'};
const refusal: Echo = {kind: 'refusal', why: 'rejected for now: local limit exceeded'};

const seen = (change: Partial<Observation>): Observation => ({
  enabled: true,
  daemon,
  died: false,
  recent: false,
  echoes: [silence, silence],
  local: undefined,
  owner: own,
  worked: false,
  wasClosing: false,
  ...change,
});

describe('a receiver is judged', () => {
  it.each<[string, Partial<Observation>, string]>([
    ['silent when two C-ECHOs fail and it does nothing', {}, 'silent'],
    ['silent also when its own address does not answer', {local: silence}, 'silent'],
    ['to answer after a recent success, unasked', {recent: true, echoes: []}, 'answers'],
    ['to answer at the second C-ECHO', {echoes: [silence, answer]}, 'answers'],
    ['alive when it refuses', {echoes: [silence, refusal]}, 'refuses'],
    ['alive when it answers on its own address only', {local: answer}, 'unreachable'],
    ['alive when it refuses on its own address', {local: refusal}, 'unreachable'],
    ['alive when it takes data', {worked: true}, 'working'],
    ['to be ending when its port is closed', {owner: undefined}, 'closing'],
    ['silent when its port was closed the last time already', {owner: undefined, wasClosing: true}, 'silent'],
    ['robbed of its port by another program', {owner: other}, 'foreign'],
    ['dead when it left its pid file', {daemon: undefined, died: true, echoes: [silence], owner: undefined}, 'crashed'],
    ['stopped when it left none', {daemon: undefined, echoes: [silence], owner: undefined}, 'notStarted'],
    [
      'another program when none of ours runs but the port answers',
      {daemon: undefined, echoes: [answer], owner: other},
      'foreign',
    ],
    [
      'to live elsewhere when nobody has the port here',
      {daemon: undefined, echoes: [answer], owner: undefined},
      'answers',
    ],
    ['of no interest when its services are off', {enabled: false}, 'disabled'],
    [
      'of no interest when it died while its services are off',
      {enabled: false, daemon: undefined, died: true},
      'disabled',
    ],
  ])('%s', (_, change, kind) => {
    expect(judge(seen(change)).kind).toBe(kind);
  });
});

describe('work shows', () => {
  const before = {bytesRead: 1000, segment: 3, offset: 500};
  it.each([
    ['by a line in the journal', {offset: 560}, true],
    ['by a new segment, though it is empty', {segment: 4, offset: 0}, true],
    ['by much that is read', {bytesRead: 1000 + 65_536}, true],
    ['not by what C-ECHOs make it read', {bytesRead: 1000 + 5000}, false],
    ['not when the system does not tell', {bytesRead: undefined}, false],
  ])('%s', (_, change, expected) => {
    expect(showWork(before, {...before, ...change})).toBe(expected);
  });
});

describe('restarts', () => {
  const now = new Date('2026-01-02T12:00:00Z');
  const minutesAgo = (...minutes: number[]) => minutes.map(minute => new Date(now.getTime() - minute * 60_000));

  it.each([
    ['the first comes at once', [], 'now'],
    ['the second, too', [0], 'now'],
    ['the third waits for a minute', [5, 0.9], 'later'],
    ['and then comes', [5, 1], 'now'],
    ['the sixth waits for ten', [40, 35, 30, 20, 9], 'later'],
    ['after six in an hour comes none', [59, 50, 40, 30, 20, 12], 'later'],
    ['until the first is an hour old', [60, 50, 40, 30, 20, 12], 'now'],
    ['those of a future do not count', [-5, -6, -7, -8, -9, -10], 'now'],
  ])('%s', (_, restarts, kind) => {
    expect(mayRestart(minutesAgo(...restarts), now).kind).toBe(kind);
  });

  it('are at most six in any hour, however often the watchdog looks', () => {
    const restarts: Date[] = [];
    for (let minute = 0; minute < 600; minute++) {
      const at = new Date(now.getTime() + minute * 60_000);
      if (mayRestart(restarts, at).kind === 'now') restarts.push(at);
    }
    for (const first of restarts) {
      const within = restarts.filter(at => at >= first && at.getTime() - first.getTime() < 3_600_000);
      expect(within.length).toBeLessThanOrEqual(mostRestarts);
    }
    // never given up for good
    expect(restarts.at(-1)?.getTime()).toBeGreaterThan(now.getTime() + 540 * 60_000);
  });
});

describe('the log hears', () => {
  const now = new Date('2026-01-02T12:00:00Z');
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  const memory = (change: Partial<Memory>): Memory => ({
    state: 'answers',
    pid: 4711,
    since: ago(90),
    toldAt: ago(30),
    restarts: [],
    restarting: false,
    ...change,
  });
  const report = (state: string, restarted = false): Report => ({
    state,
    level: 'info',
    sentence: state,
    exitCode: 0,
    restarted,
  });

  it.each([
    ['the first look', 'answers', {state: undefined, since: undefined, toldAt: undefined}, true],
    ['a change', 'silent', {}, true],
    ['nothing new for an hour', 'answers', {}, false],
    ['once an hour what lasts', 'answers', {toldAt: ago(60)}, true],
    ['what lasts, after the clock was set back', 'answers', {toldAt: ago(-600)}, true],
  ])('%s', (_, state, change, expected) => {
    expect(isWorthTelling(report(state), memory(change), now)).toBe(expected);
  });

  it('of every restart', () => expect(isWorthTelling(report('answers', true), memory({}), now)).toBe(true));

  it('how long trouble has lasted, and when it is over', () => {
    expect(inTime(report('foreign'), memory({state: 'foreign'}), now)).toBe('foreign, for 90 min now');
    expect(inTime(report('answers'), memory({state: 'foreign'}), now)).toBe('answers; before, for 90 min: foreign');
    expect(inTime(report('foreign'), memory({}), now)).toBe('foreign');
  });
});
