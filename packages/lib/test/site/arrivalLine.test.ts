import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {ArrivalLineError, formatArrivalLine, parseArrivalLine} from '../../src/site/arrivalLine.ts';

const line = {
  caller: 'MR1',
  called: 'FIONA',
  callerAddress: '192.0.2.1',
  directory: '/data/site/archive/scp_1.2',
  filename: 'MR.1',
};

describe('arrival line', () => {
  it('is five comma-separated fields', () => {
    expect(formatArrivalLine(line)).toBe('MR1,FIONA,192.0.2.1,/data/site/archive/scp_1.2,MR.1');
    expect(parseArrivalLine(formatArrivalLine(line))).toEqual(line);
  });

  it('replaces commas, quotes, backslashes and control characters of AE titles and address', () => {
    expect(formatArrivalLine({...line, caller: 'a,b"c\'d\\e\nf', callerAddress: 'h,\0'})).toBe(
      'a_b_c_d_e_f,FIONA,h__,/data/site/archive/scp_1.2,MR.1',
    );
  });

  it('keeps empty fields', () => {
    expect(parseArrivalLine(',,,/a,b')).toEqual({
      caller: '',
      called: '',
      callerAddress: '',
      directory: '/a',
      filename: 'b',
    });
  });

  it.each(['', 'a', 'a,b', 'a,b,c,d', 'a,b,c,d,e,f'])('refuses %j', text => {
    expect(() => parseArrivalLine(text)).toThrow(ArrivalLineError);
  });

  it('refuses paths with commas or line breaks and lines of 4096 bytes', () => {
    expect(() => formatArrivalLine({...line, directory: '/a,b'})).toThrow(ArrivalLineError);
    expect(() => formatArrivalLine({...line, filename: 'a\nb'})).toThrow(ArrivalLineError);
    expect(() => formatArrivalLine({...line, filename: 'ä'.repeat(2048)})).toThrow(ArrivalLineError);
  });

  it('survives any AE title as one line of five fields', () => {
    const anyText = fc.string({unit: 'binary', maxLength: 64});
    const path = fc.string({unit: fc.constantFrom(...'abc/. é')});
    fc.assert(
      fc.property(anyText, anyText, anyText, path, path, (caller, called, callerAddress, directory, filename) => {
        const text = formatArrivalLine({caller, called, callerAddress, directory, filename});
        expect(text).not.toMatch(/[\r\n\0]/);
        const back = parseArrivalLine(Buffer.from(text).toString('utf8'));
        expect([back.directory, back.filename]).toEqual([directory, filename]);
      }),
    );
  });

  it('never dies of a line: five fields or a typed error', () => {
    fc.assert(
      fc.property(fc.string({unit: fc.constantFrom(...'a,"\\ \0é')}), text => {
        try {
          parseArrivalLine(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ArrivalLineError);
        }
      }),
    );
  });
});
