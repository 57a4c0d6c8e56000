import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {CsvError, csvLine, parseCsv} from '../src/formats/csv.ts';
import {cdata, parseItems, XML_HEAD, XmlError, xmlItem} from '../src/formats/xml.ts';
import {parseForm} from '../src/http/form.ts';
import {Parameters} from '../src/http/parameters.ts';

describe('CSV', () => {
  it('quotes as PHP does: delimiter, quote, line break, tab and blank', () => {
    expect(csvLine(['1', 'Event 1', '', 'a"b', 'x,y', 'l\nm', 't\t'], ',')).toBe(
      '1,"Event 1",,"a""b","x,y","l\nm","t\t"\n',
    );
    expect(csvLine(['a b', 'x|y'], '|', 'plain')).toBe('a b|"x|y"\n');
  });

  it('reads what it wrote', () => {
    const delimiters = fc.constantFrom(',', '\t', ';', '|', '^');
    const cell = fc.string({unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r', ' ', '\t', '|', '^', 'Ø', '😀')});
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, {minLength: 2, maxLength: 5}), {maxLength: 5}),
        delimiters,
        (lines, delimiter) => {
          const text = lines.map(line => csvLine(line, delimiter)).join('');
          expect(parseCsv(text, delimiter)).toEqual(lines);
        },
      ),
    );
  });

  it('accepts every line end, a byte order mark and no line end at the end', () => {
    expect(parseCsv('\uFEFFa,b\r\n1,2\r3,\n\n4,5')).toEqual([
      ['a', 'b'],
      ['1', '2'],
      ['3', ''],
      ['4', '5'],
    ]);
  });

  it('reads any text or says that a quote is not closed', () => {
    fc.assert(
      fc.property(fc.string({unit: fc.constantFrom('a', '"', ',', '\n', '\r')}), text => {
        try {
          for (const line of parseCsv(text)) expect(line.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(CsvError);
        }
      }),
      {numRuns: 1000},
    );
  });
});

describe('XML', () => {
  it('reads what it wrote', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string().map(text => text.replaceAll('\r', '')),
          {minLength: 1, maxLength: 4},
        ),
        cells => {
          const columns = cells.map((_, index) => `c${index}`);
          const rows = parseItems(`${XML_HEAD}<records>${xmlItem(columns, cells)}</records>`);
          expect(rows).toEqual([new Map(columns.map((column, index) => [column, cells[index] ?? '']))]);
        },
      ),
    );
    expect(cdata('a]]>b')).toBe('<![CDATA[a]]]]><![CDATA[>b]]>');
  });

  it('reads entities and empty elements', () => {
    const rows = parseItems(
      '<records>\n <item><a>&lt;b&gt; &#233;&#x1F600;</a><b/><c></c></item>\n<!-- x --></records>',
    );
    expect(rows.map(row => Object.fromEntries(row))).toEqual([{a: '<b> é😀', b: '', c: ''}]);
  });

  it.each([
    '',
    '<records>',
    '<records></items>',
    '<!DOCTYPE x [<!ENTITY a "b">]><records/>',
    '<records><item><a>&a;</a></item></records>',
    '<records><item><a><b/></a></item></records>',
    '<records/><records/>',
    '<records>text</records>',
    '<records><item a="</item></records>',
  ])('refuses %s', text => {
    expect(() => parseItems(text)).toThrow(XmlError);
  });

  it('reads any text or refuses it', () => {
    const piece = fc.constantFrom(
      '<records>',
      '<item>',
      '<a>',
      '</a>',
      '</item>',
      '</records>',
      '<',
      '>',
      '&amp;',
      '&',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '"',
      'x',
      '<b/>',
      '<?',
    );
    fc.assert(
      fc.property(fc.array(piece, {maxLength: 30}), pieces => {
        try {
          parseItems(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(XmlError);
        }
      }),
      {numRuns: 2000},
    );
  });
});

const urlEncoded = 'application/x-www-form-urlencoded';
const read = (body: string): Parameters => new Parameters(parseForm(Buffer.from(body), urlEncoded, 1000));

describe('request bodies', () => {
  it('reads lists in all spellings', () => {
    for (const body of [
      'records[0]=1&records[1]=b c',
      'records%5B7%5D=1&records[x]=b+c',
      'records[]=1&records[]=b%20c',
      'records=1,+b c%20',
    ]) {
      expect(read(body).list('records')).toEqual(['1', 'b c']);
    }
    expect(read('records=').list('records')).toBeUndefined();
    expect(read('record[0]=1&field[0]=a').text('record')).toBe('');
  });

  it('knows true in every spelling', () => {
    for (const text of ['true', 'TRUE', 'True', '1', 'yes']) expect(read(`a=${text}`).flag('a')).toBe(true);
    for (const text of ['false', '0', '', 'on']) expect(read(`a=${text}`).flag('a')).toBe(false);
  });

  it('reads any text that was encoded, and replaces invalid UTF-8', () => {
    fc.assert(
      fc.property(fc.string({unit: 'grapheme'}), text => {
        expect(read(new URLSearchParams({data: text}).toString()).text('data')).toBe(text);
      }),
    );
    expect(read('data=%FF%41&x=%zz%').text('data')).toBe('\uFFFDA');
    expect(read('x=%zz%').text('x')).toBe('%zz%');
  });

  it('reads multipart bodies with files', () => {
    const body = [
      '--XX',
      'Content-Disposition: form-data; name="records[0]"',
      '',
      'Ø\r\n2',
      '--XX',
      'Content-Disposition: form-data; name="file"; filename="a \\"b\\".txt"',
      'Content-Type: text/plain',
      '',
      'bytes\r\n',
      '--XX--',
      '',
    ].join('\r\n');
    const parameters = new Parameters(parseForm(Buffer.from(body), 'multipart/form-data; boundary="XX"', 10));
    expect(parameters.list('records')).toEqual(['Ø\r\n2']);
    const file = parameters.file('file');
    expect([file?.name, file?.type, file?.bytes.toString()]).toEqual(['a "b".txt', 'text/plain', 'bytes\r\n']);
  });

  it('never fails on any bytes', () => {
    const types = fc.constantFrom(
      urlEncoded,
      'multipart/form-data; boundary=b',
      'multipart/form-data',
      'text/plain',
      '',
    );
    const piece = fc.oneof(
      fc.uint8Array({maxLength: 20}).map(bytes => Buffer.from(bytes)),
      fc
        .constantFrom('--b', '\r\n', 'Content-Disposition: form-data; name="a"', '--', '&', '=', '%')
        .map(text => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(piece, {maxLength: 20}), types, fc.nat(5), (pieces, type, limit) => {
        expect(parseForm(Buffer.concat(pieces), type, limit).length).toBeLessThanOrEqual(limit);
      }),
      {numRuns: 1000},
    );
  });
});
