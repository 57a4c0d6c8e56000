import {asUid} from '@fiona/lib/dicom/uid';
import {ArrivalLineError} from '@fiona/lib/site/arrivalLine';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {LineBuffer} from '../src/lineBuffer.ts';
import {markerName} from '../src/markers.ts';
import {parseMessage} from '../src/message.ts';

describe('a message', () => {
  it('has five fields; AE titles and address lose quotes, blanks and backslashes', () => {
    expect(parseMessage('"M R\\1",FIO NA," 192.0.2.1",/data/x,MR 1.dcm', 'pipe')).toEqual({
      origin: 'pipe',
      caller: 'MR1',
      called: 'FIONA',
      callerAddress: '192.0.2.1',
      path: '/data/x/MR 1.dcm',
    });
  });

  it('without address comes from 0.0.0.0; one path alone from unknown', () => {
    expect(parseMessage('a,b,,/x/,y', 'pipe')).toMatchObject({callerAddress: '0.0.0.0', path: '/x/y'});
    expect(parseMessage('/x/y z', 'pipe')).toMatchObject({
      caller: 'unknown',
      called: 'unknown',
      callerAddress: 'unknown',
      path: '/x/y z',
    });
  });

  // PF-19: a name without slash was taken for /name
  it.each([
    'a,b',
    'a,b,c,/d',
    'a,b,c,/d,e,f',
    '',
    'name',
    './x',
    'a,b,c,relative,y',
    'a,b,c,/d,',
    'a,b,c,/d,../e',
    '/x\0',
  ])('%j is refused', text => {
    expect(() => parseMessage(text, 'pipe')).toThrow(ArrivalLineError);
  });
});

describe('the marker of a series', () => {
  const [study, series] = [asUid('1.2'), asUid('1.2.3')];
  if (!study || !series) throw new Error('no UIDs');

  it('always has five fields and fits in a file name', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), fc.string(), fc.string(), (caller, called, callerAddress) => {
        const name = markerName({caller, called, callerAddress}, {study, series});
        expect(name.split(' ')).toHaveLength(5);
        expect(name.split(' ').every(field => field.length > 0)).toBe(true);
        expect(name).not.toMatch(/[/\0\n]/);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
      }),
    );
  });
});

describe('lines of the pipe', () => {
  function linesOf(...pieces: (string | Buffer)[]): string[] {
    const lines: string[] = [];
    const buffer = new LineBuffer(line => lines.push(line));
    for (const piece of pieces) buffer.push(Buffer.from(piece));
    buffer.end();
    return lines;
  }

  it('may come two in one piece, in many pieces, without an end, with CR, blank or undecodable', () => {
    expect(linesOf('one\ntwo\n')).toEqual(['one', 'two']);
    expect(linesOf('o', 'n', 'e\nt', 'wo')).toEqual(['one', 'two']);
    expect(linesOf('one\r\n\n  \ntwo\r\n')).toEqual(['one', 'two']);
    expect(linesOf(Buffer.from([0x61, 0xff, 0x62, 10]))).toEqual(['a\uFFFDb']);
    const word = Buffer.from('ä\n');
    expect(linesOf(word.subarray(0, 1), word.subarray(1))).toEqual(['ä']);
  });

  it('are the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({unit: fc.constantFrom(...'aä,/ ')})), fc.array(fc.nat(20)), (lines, cuts) => {
        const bytes = Buffer.from(lines.map(line => `${line}\n`).join(''));
        const pieces: Buffer[] = [];
        let rest = bytes;
        for (const cut of cuts) {
          pieces.push(rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        expect(linesOf(...pieces, rest)).toEqual(lines.filter(line => line.trim() !== ''));
      }),
    );
  });

  it('do not grow without end', () => {
    expect(linesOf(Buffer.alloc(100_000, 0x61), 'b\n')).toEqual(['a'.repeat(100_000), 'b']);
  });
});
