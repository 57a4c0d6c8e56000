import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {matchesKey} from '../../src/pacs/matching.ts';

const studyDate = 0x00080020;
const studyTime = 0x00080030;
const patientName = 0x00100010;
const patientId = 0x00100020;
const studyUid = 0x0020000d;

describe('matching of C-FIND keys', () => {
  it.each([
    ['universal', patientId, '', ['P1'], true],
    ['universal on nothing', patientId, '', [''], true],
    ['star on nothing', patientId, '*', [''], true],
    ['single value', patientId, 'P1', ['P1'], true],
    ['another single value', patientId, 'P1', ['P12'], false],
    ['case of an id', patientId, 'p1', ['P1'], false],
    ['case of a name', patientName, 'doe^j*', ['DOE^JOHN'], true],
    ['star', patientId, 'A*9', ['ABC9'], true],
    ['star that ends too early', patientId, 'A*9', ['ABC98'], false],
    ['question mark', patientId, 'P?', ['P1'], true],
    ['question mark for nothing', patientId, 'P?', ['P'], false],
    ['characters of regular expressions', patientId, 'a.c+*', ['abc'], false],
    ['one of several values', 0x00080061, 'MR', ['CT', 'MR'], true],
    ['UID list', studyUid, '1.2\\1.3', ['1.3'], true],
    ['UID without wild cards', studyUid, '1.*', ['1.3'], false],
    ['date', studyDate, '20240101', ['20240101'], true],
    ['date range', studyDate, '20240101-20240131', ['20240115'], true],
    ['last day of a range', studyDate, '20240101-20240131', ['20240131'], true],
    ['outside a range', studyDate, '20240101-20240131', ['20240201'], false],
    ['open range', studyDate, '20240101-', ['20991231'], true],
    ['open range to', studyDate, '-20240101', ['20231231'], true],
    ['no date in a range', studyDate, '20240101-', [''], false],
    ['time range', studyTime, '0800-0859', ['085930.5'], true],
    ['time by its start', studyTime, '08', ['085930'], true],
  ] as const)('%s', (_, tag, key, values, expected) => {
    expect(matchesKey(tag, key, [...values])).toBe(expected);
  });

  it('always takes a value that the pattern was made from', () => {
    fc.assert(
      fc.property(fc.string({maxLength: 20}), fc.nat(20), fc.nat(20), (text, from, length) => {
        const pattern = `${text.slice(0, from)}*${text.slice(from + length)}`;
        expect(matchesKey(patientId, pattern, [text])).toBe(true);
      }),
    );
  });

  it('takes no time for patterns made to take long', () => {
    const started = performance.now();
    expect(matchesKey(patientId, `${'*a'.repeat(60)}b`, ['a'.repeat(1000)])).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
