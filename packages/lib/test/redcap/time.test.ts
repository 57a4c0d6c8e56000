import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {earliestRedcapTime, formatRedcapSeconds, formatRedcapTime, parseRedcapTime} from '../../src/redcap/time.ts';

const oslo = 'Europe/Oslo';
const utc = (text: string) => parseRedcapTime(text, oslo)?.toISOString();

describe('a date of REDCap', () => {
  it.each([
    ['2026-01-15 12:00', '2026-01-15T11:00:00.000Z'],
    ['2026-07-15 12:00:30', '2026-07-15T10:00:30.000Z'],
    ['2026-10-25 02:30', '2026-10-25T00:30:00.000Z'], // both 00:30Z and 01:30Z: the earlier
    ['2026-10-25 03:00', '2026-10-25T02:00:00.000Z'],
    ['2026-03-29 02:30', '2026-03-29T01:00:00.000Z'], // does not exist: the first instant after the gap
    ['2026-03-29 02:00', '2026-03-29T01:00:00.000Z'],
    ['2026-03-29 03:00', '2026-03-29T01:00:00.000Z'],
    ['2026-03-29 01:59:59', '2026-03-29T00:59:59.000Z'],
    ['2026-12-31 24:00', undefined],
    ['2026-02-29 12:00', undefined],
    ['31.01.2024', undefined],
    ['2024-01-31', undefined],
    ['', undefined],
    ['0000-01-01 00:00', undefined],
  ])('%s in Oslo is %s', (text, instant) => {
    expect(utc(text)).toBe(instant);
  });

  it('is written in the zone of REDCap, to the minute or second', () => {
    const instant = new Date('2026-07-15T10:00:59.999Z');
    expect(formatRedcapTime(instant, oslo)).toBe('2026-07-15 12:00');
    expect(formatRedcapSeconds(instant, oslo)).toBe('2026-07-15 12:00:59');
  });

  it.each(['Europe/Oslo', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC'])(
    'comes back in %s, at most an hour earlier where it is ambiguous',
    zone => {
      fc.assert(
        fc.property(fc.integer({min: Date.UTC(1990, 0), max: Date.UTC(2040, 0)}), ms => {
          const instant = new Date(Math.floor(ms / 1000) * 1000);
          const text = formatRedcapSeconds(instant, zone);
          const back = parseRedcapTime(text, zone);
          const early = instant.getTime() - (back?.getTime() ?? 0);
          expect(early >= 0 && early <= 3_600_000).toBe(true);
          expect(back && formatRedcapSeconds(back, zone)).toBe(text);
        }),
      );
    },
  );

  it('is the same whether the zone is that of the host or not', () => {
    const before = process.env.TZ;
    try {
      fc.assert(
        fc.property(fc.integer({min: Date.UTC(1990, 0), max: Date.UTC(2040, 0)}), ms => {
          process.env.TZ = 'UTC';
          const far = formatRedcapSeconds(new Date(ms), oslo);
          process.env.TZ = oslo;
          expect(formatRedcapSeconds(new Date(ms), oslo)).toBe(far);
        }),
      );
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });

  it('since which something is asked for is never later than what happened since, in the night of the clock change, too', () => {
    const night = Date.UTC(2026, 9, 24, 23);
    fc.assert(
      fc.property(fc.integer({min: 0, max: 4 * 3600}), fc.integer({min: 0, max: 3600}), (start, length) => {
        const from = new Date(night + start * 1000);
        const until = new Date(from.getTime() + length * 1000);
        const asked = earliestRedcapTime(from, until, oslo);
        for (let at = from.getTime(); at <= until.getTime(); at += 61_000) {
          expect(formatRedcapSeconds(new Date(at), oslo) >= asked).toBe(true);
        }
      }),
    );
    expect(earliestRedcapTime(new Date('2026-10-25T00:56:00Z'), new Date('2026-10-25T01:05:00Z'), oslo)).toBe(
      '2026-10-25 02:00:00',
    );
    expect(earliestRedcapTime(new Date('2026-07-01T10:00:00Z'), new Date('2026-07-01T10:05:00Z'), oslo)).toBe(
      '2026-07-01 12:00:00',
    );
  });
});
