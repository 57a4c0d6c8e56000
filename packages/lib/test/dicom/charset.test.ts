import {readFileSync} from 'node:fs';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {decodeText, decodeTextStrict, defaultCharacterSet, parseCharacterSet} from '../../src/dicom/charset.ts';
import {type DataSet, walkElements} from '../../src/dicom/dataSet.ts';
import {encodeText} from '../../src/dicom/encodeText.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {scanDataSet} from '../../src/dicom/scan.ts';
import {isPrivate} from '../../src/dicom/tag.ts';
import {explicitLittleEndian} from '../../src/dicom/transferSyntax.ts';
import {characterSetOf, elementStrings, elementStringsStrict, strings} from '../../src/dicom/values.ts';
import {bytesElement, encodeDataSet, sequenceElement, textElement} from '../../src/dicom/write.ts';
import {python} from './pydicom.ts';
import {allSamples, sample} from './samples.ts';

const latin = (text: string) => Buffer.from(text, 'latin1');

/** Defined terms of single-byte sets, and Python's name for each. */
const singleByte: Record<string, string> = {
  'ISO_IR 100': 'latin_1',
  'ISO_IR 101': 'iso8859_2',
  'ISO_IR 109': 'iso8859_3',
  'ISO_IR 110': 'iso8859_4',
  'ISO_IR 144': 'iso8859_5',
  'ISO_IR 127': 'iso8859_6',
  'ISO_IR 126': 'iso8859_7',
  'ISO_IR 138': 'iso8859_8',
  'ISO_IR 148': 'iso8859_9',
  'ISO_IR 203': 'iso8859_15',
  'ISO_IR 166': 'iso8859_11',
  'ISO_IR 13': 'shift_jis',
};

describe('single-byte character sets', () => {
  it('have in A0 to FF the characters that Python has', () => {
    const upper = Array.from({length: 96}, (_, index) => 0xa0 + index);
    const expected = python(
      `
def one(codec, byte):
    try: return bytes([byte]).decode(codec)
    except UnicodeDecodeError: return None
result = {codec: [one(codec, byte) for byte in data['bytes']] for codec in data['codecs']}`,
      {codecs: Object.values(singleByte), bytes: upper},
    ) as Record<string, (string | null)[]>;
    for (const [term, codec] of Object.entries(singleByte)) {
      const charset = parseCharacterSet([term]);
      const ours = upper.map(byte => decodeTextStrict(Buffer.from([byte]), charset) ?? null);
      if (codec === 'shift_jis')
        expected[codec] = upper.map((byte, index) =>
          byte > 0xa0 && byte < 0xe0 ? (expected[codec]?.[index] ?? null) : null,
        );
      expect(ours, term).toEqual(expected[codec]);
    }
  });

  it('refuse C1 controls and bytes without character, and keep the rest of a lenient text', () => {
    const greek = parseCharacterSet(['ISO_IR 126']);
    expect(decodeTextStrict(Buffer.from([0x41, 0x85]), greek)).toBeUndefined();
    expect(decodeTextStrict(Buffer.from([0x41, 0xff]), greek)).toBeUndefined();
    expect(decodeText(Buffer.from([0x41, 0xff, 0xe1]), greek)).toBe('A\ufffdα');
  });
});

describe('the character sets of real files', () => {
  it('give every text that pydicom gives, at every depth', () => {
    const names = allSamples().filter(name => name.startsWith('charset_files/') && name.endsWith('.dcm'));
    const peers = python(
      `
import warnings; warnings.simplefilter('ignore')
import pydicom
def texts(dataset):
    dataset.decode()
    out = []
    for e in dataset:
        if e.VR == 'SQ':
            for item in e.value: out += texts(item)
        elif not e.tag.is_private and e.VR in ('SH','LO','ST','LT','PN','UC','UT'):
            out.append([int(e.tag), str(e.value) if e.VM < 2 else '\\\\'.join(str(v) for v in e.value)])
    return out
result = {name: texts(pydicom.dcmread(name)) for name in data}`,
      names.map(sample),
    ) as Record<string, [number, string][]>;
    for (const name of names) {
      const ours: [number, string][] = [];
      walkElements(parseInstance(readFileSync(sample(name))).dataSet, (element, holder) => {
        if (isPrivate(element.tag) || !['SH', 'LO', 'ST', 'LT', 'PN', 'UC', 'UT'].includes(element.vr)) return;
        const values = elementStrings(holder, element);
        ours.push([element.tag, values.join('\\')]);
        expect(elementStringsStrict(holder, element), name).toEqual(values);
      });
      expect(ours, name).toEqual(peers[sample(name)]);
      expect(ours.length, name).toBeGreaterThan(0);
    }
  });
});

describe('ISO 2022', () => {
  const japanese = parseCharacterSet(['ISO 2022 IR 13', 'ISO 2022 IR 87', 'ISO 2022 IR 159']);
  const korean = parseCharacterSet(['', 'ISO 2022 IR 149']);
  const chinese = parseCharacterSet(['', 'ISO 2022 IR 58']);
  const greekAndCyrillic = parseCharacterSet(['ISO 2022 IR 100', 'ISO 2022 IR 126', 'ISO 2022 IR 144']);

  it('reads the examples of PS3.5 annexes H, I and K', () => {
    expect(
      decodeTextStrict(latin('\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J'), japanese, true),
    ).toBe('ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎');
    expect(decodeTextStrict(latin('Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7'), korean, true)).toBe(
      'Hong^Gildong=洪^吉洞',
    );
    expect(decodeTextStrict(latin('Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab'), chinese, true)).toBe(
      'Zhang^XiaoDong=张^小东',
    );
  });

  it('falls back to the initial sets at delimiters', () => {
    expect(decodeText(latin('\x1b-F\xe1\\\xe1'), greekAndCyrillic)).toBe('α\\á');
    expect(decodeText(latin('\x1b-F\xe1^\xe1'), greekAndCyrillic, true)).toBe('α^á');
    expect(decodeText(latin('\x1b-F\xe1^\xe1'), greekAndCyrillic)).toBe('α^α');
    expect(decodeText(latin('\x1b-F\xe1\r\n\xe1'), greekAndCyrillic)).toBe('α\r\ná');
  });

  it('takes a backslash that is half of a character for no separator', () => {
    // JIS X 0208 30 5C
    const bytes = latin('\x1b$B0\x5c\x1b(B\\B');
    const dataSet = scanDataSet(
      encodeDataSet(
        [textElement(0x00080005, 'CS', ['', 'ISO 2022 IR 87']), bytesElement(0x00081030, 'LO', bytes)],
        explicitLittleEndian,
      ),
      explicitLittleEndian,
    );
    expect(strings(dataSet, 0x00081030)).toEqual(['移', 'B']);
  });

  it('is strict about escape sequences: unknown, not declared, not closed', () => {
    expect(decodeTextStrict(latin('\x1b$B;3ED'), japanese)).toBeUndefined();
    expect(decodeTextStrict(latin('\x1b-F\xe1'), japanese)).toBeUndefined();
    expect(decodeTextStrict(latin('\x1bQ'), japanese)).toBeUndefined();
    expect(decodeTextStrict(latin('\x1b-F\xe1'), parseCharacterSet(['ISO_IR 100']))).toBeUndefined();
    expect(decodeText(latin('\x1b-F\xe1'), japanese)).toBe('α');
  });

  it('terminates on any bytes, and a strict text is the lenient one', () => {
    const sets = [
      japanese,
      korean,
      chinese,
      greekAndCyrillic,
      defaultCharacterSet,
      ...['GBK', 'GB18030', 'ISO_IR 192', 'nonsense'].map(term => parseCharacterSet([term])),
    ];
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom('\x1b$B', '\x1b$)C', '\x1b(J', '\x1b', '^', '=', '\\'),
        fc.string({unit: fc.integer({min: 0, max: 255}).map(code => String.fromCharCode(code))}),
      ),
    );
    fc.assert(
      fc.property(pieces, fc.constantFrom(...sets), fc.boolean(), (parts, charset, isName) => {
        const bytes = latin(parts.join(''));
        const strict = decodeTextStrict(bytes, charset, isName);
        if (strict !== undefined) expect(strict).toBe(decodeText(bytes, charset, isName));
      }),
      {numRuns: 2000},
    );
  });
});

describe('multi-byte sets without escape sequences', () => {
  it('separate values after decoding: a backslash byte inside a character of GBK or GB18030 is none', () => {
    const bytes = Buffer.concat([Buffer.from([0x90, 0x5c]), latin('\\B')]);
    for (const term of ['GBK', 'GB18030']) {
      const dataSet = scanDataSet(
        encodeDataSet(
          [textElement(0x00080005, 'CS', term), bytesElement(0x00081030, 'LO', bytes)],
          explicitLittleEndian,
        ),
        explicitLittleEndian,
      );
      expect(strings(dataSet, 0x00081030)).toEqual(['怽', 'B']);
    }
  });

  it('refuse bytes that are not UTF-8', () => {
    const utf8 = parseCharacterSet(['ISO_IR 192']);
    expect(decodeTextStrict(latin('J\xf8rgen'), utf8)).toBeUndefined();
    expect(decodeText(latin('J\xf8rgen'), utf8)).toBe('J\ufffdrgen');
    expect(decodeTextStrict(Buffer.from('Jørgen\ufffd', 'utf8'), utf8)).toBe('Jørgen\ufffd');
  });
});

describe('the declared character set', () => {
  const item = (holder: DataSet | undefined, index: number) => holder?.elements.at(-1)?.items?.[index];

  it('is inherited by items unless they have their own', () => {
    const named = (bytes: Buffer) => bytesElement(0x00100010, 'PN', bytes);
    const bytes = encodeDataSet(
      [
        textElement(0x00080005, 'CS', 'ISO_IR 126'),
        sequenceElement(0x00101002, [
          [named(latin('\xe1'))],
          [textElement(0x00080005, 'CS', 'ISO_IR 192'), named(Buffer.from('ø', 'utf8'))],
          [textElement(0x00080005, 'CS', ''), named(latin('x'))],
        ]),
      ],
      explicitLittleEndian,
    );
    const dataSet = scanDataSet(bytes, explicitLittleEndian);
    expect([0, 1, 2].map(index => strings(item(dataSet, index) as DataSet, 0x00100010))).toEqual([['α'], ['ø'], ['x']]);
    expect(characterSetOf(item(dataSet, 2) as DataSet).terms).toEqual([]);
  });

  it('is recognised however it is misspelt, and unknown ones are told', () => {
    for (const term of ['ISO_IR 100', 'ISO-IR 100', 'ISO IR 100', 'iso_ir 100', 'ISO_IR_100']) {
      expect(decodeTextStrict(latin('\xe1'), parseCharacterSet([term])), term).toBe('á');
    }
    const unknown = parseCharacterSet(['WINDOWS 1252']);
    expect(unknown.known).toBe(false);
    expect(decodeTextStrict(latin('\xe1'), unknown)).toBeUndefined();
    expect(decodeTextStrict(latin('ASCII'), unknown)).toBe('ASCII');
  });

  it('refuses bytes beyond ASCII where none is declared, and NUL inside any text', () => {
    expect(decodeTextStrict(latin('\xe1'), defaultCharacterSet)).toBeUndefined();
    expect(decodeText(latin('\xe1'), defaultCharacterSet)).toBe('á');
    expect(decodeTextStrict(latin('a\0b'), defaultCharacterSet)).toBeUndefined();
  });
});

describe('encodeText', () => {
  it('writes what decodeTextStrict reads, in every character set', () => {
    const texts: [string[], string, boolean][] = [
      [['ISO_IR 100'], 'Jérôme Åse', false],
      [['ISO_IR 144'], 'Люкceмбypг', false],
      [['ISO_IR 13'], 'ﾔﾏﾀﾞ^ﾀﾛｳ', true],
      [['ISO_IR 192'], '😀 山田', false],
      [['GB18030'], '王^小东=😀ä', true],
      [['GBK'], '王^小东', true],
      [['', 'ISO 2022 IR 87'], 'Yamada^Tarou=山田^太郎=やまだ^たろう', true],
      [['ISO 2022 IR 13', 'ISO 2022 IR 87'], 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう', true],
      [['', 'ISO 2022 IR 149'], 'Hong^Gildong=洪^吉洞=홍^길동', true],
      [['', 'ISO 2022 IR 58'], 'Zhang^XiaoDong=张^小东', true],
      [['', 'ISO 2022 IR 87', 'ISO 2022 IR 159'], '山丂 x', false],
      [['ISO 2022 IR 100', 'ISO 2022 IR 126'], 'áα\\áα', false],
    ];
    for (const [terms, text, isName] of texts) {
      const charset = parseCharacterSet(terms);
      const bytes = encodeText(text, charset, isName);
      expect(bytes && decodeTextStrict(bytes, charset, isName), terms.join('\\')).toBe(text);
    }
  });

  it('tells when a character is not in the set', () => {
    expect(encodeText('Jérôme', defaultCharacterSet)).toBeUndefined();
    expect(encodeText('山', parseCharacterSet(['ISO_IR 100']))).toBeUndefined();
    expect(encodeText('ä', parseCharacterSet(['nonsense']))).toBeUndefined();
    expect(encodeText('😀', parseCharacterSet(['GBK']))).toBeUndefined();
    expect(encodeText('plain', parseCharacterSet(['nonsense']))?.toString()).toBe('plain');
  });

  it('gives bytes that pydicom reads as the same name', () => {
    const name = 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう';
    const terms = ['ISO 2022 IR 13', 'ISO 2022 IR 87'];
    const bytes = encodeText(name, parseCharacterSet(terms), true);
    const read = python(
      `
from pydicom.valuerep import PersonName
from pydicom.charset import convert_encodings
result = str(PersonName(bytes.fromhex(data['bytes']), convert_encodings(data['terms'])))`,
      {bytes: bytes?.toString('hex'), terms},
    );
    expect(read).toBe(name);
  });

  it('never writes what does not read back', () => {
    const sets = [
      ['ISO_IR 100'],
      ['', 'ISO 2022 IR 87', 'ISO 2022 IR 149'],
      ['GB18030'],
      ['ISO_IR 192'],
      ['ISO_IR 13'],
    ].map(terms => parseCharacterSet(terms));
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), fc.constantFrom(...sets), (text, charset) => {
        const bytes = encodeText(text, charset);
        if (bytes !== undefined) expect(decodeText(bytes, charset)).toBe(text);
      }),
      {numRuns: 1000},
    );
  });
});
