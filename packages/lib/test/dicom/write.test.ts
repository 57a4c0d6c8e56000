import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {defaultCharacterSet, parseCharacterSet} from '../../src/dicom/charset.ts';
import {DicomError} from '../../src/dicom/dicomError.ts';
import {dictionaryVr, lookup, tagOf} from '../../src/dicom/dictionary.ts';
import {implementationClassUid, implementationVersionName} from '../../src/dicom/implementation.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {scanDataSet} from '../../src/dicom/scan.ts';
import {formatTag, makeTag, parseTag, privateCreatorTag} from '../../src/dicom/tag.ts';
import {
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  transferSyntaxes,
  transferSyntaxOf,
} from '../../src/dicom/transferSyntax.ts';
import {asUid} from '../../src/dicom/uid.ts';
import {strings, uid} from '../../src/dicom/values.ts';
import {isVr, vrs} from '../../src/dicom/vr.ts';
import {
  bytesElement,
  encodeDataSet,
  numberElement,
  part10Header,
  sequenceElement,
  textElement,
} from '../../src/dicom/write.ts';
import {python} from './pydicom.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fiona-dicom-'));
});
afterAll(() => rmSync(folder, {recursive: true}));

describe('writing', () => {
  const uids = {sopClassUid: '1.2.840.10008.5.1.4.1.1.7', sopInstanceUid: '1.2.3.4.5'};

  it('makes a Part 10 file that DCMTK reads without a warning, in every encoding', () => {
    for (const [transferSyntaxUid, encoding] of [
      ['1.2.840.10008.1.2', implicitLittleEndian],
      ['1.2.840.10008.1.2.1', explicitLittleEndian],
      ['1.2.840.10008.1.2.2', explicitBigEndian],
    ] as const) {
      const utf8 = parseCharacterSet(['ISO_IR 192']);
      const body = encodeDataSet(
        [
          numberElement(0x00280010, 'US', 512, encoding.littleEndian),
          textElement(0x00080005, 'CS', 'ISO_IR 192'),
          textElement(0x00080016, 'UI', uids.sopClassUid),
          textElement(0x00080018, 'UI', uids.sopInstanceUid),
          textElement(0x00100010, 'PN', 'Åse^Müller', utf8),
          {tag: 0x00081140, vr: 'SQ', items: [[textElement(0x00081155, 'UI', '1.2.3')], []], undefinedLength: true},
          sequenceElement(0x00400275, [[textElement(0x00400007, 'LO', 'odd')]]),
        ],
        encoding,
      );
      const path = join(folder, transferSyntaxUid);
      writeFileSync(path, Buffer.concat([part10Header({...uids, transferSyntaxUid, sourceAe: 'MODALITY'}), body]));
      const dump = execFileSync('dcmdump', ['+L', path], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']});
      expect(dump).toContain(implementationClassUid);
      expect(dump).toContain(`[${implementationVersionName}]`);
      expect(dump).toContain('[MODALITY]');
      expect(dump).toContain('Åse^Müller');
      expect(dump).toMatch(/\(0028,0010\) US 512/);
      expect(dump).not.toMatch(/^[WE]:/m);
    }
  });

  it('names an implementation that is a valid UID and a name that fits', () => {
    expect(asUid(implementationClassUid)).toBe(implementationClassUid);
    expect(implementationClassUid).toMatch(/^2\.25\.[1-9]\d{0,38}$/);
    expect(BigInt(implementationClassUid.slice(5)) < 2n ** 128n).toBe(true);
    expect(implementationVersionName).toMatch(/^FIONA_[\d.]+$/);
    expect(implementationVersionName.length).toBeLessThanOrEqual(16);
  });

  it('pads UIDs with NUL, text with a blank, bytes with zero', () => {
    const bytes = encodeDataSet(
      [
        textElement(0x00080018, 'UI', '1.2'),
        textElement(0x00100020, 'LO', 'abc'),
        bytesElement(0x00420011, 'OB', Buffer.from([7])),
      ],
      implicitLittleEndian,
    );
    const values = scanDataSet(bytes, implicitLittleEndian).elements.map(({valueStart, valueEnd}) =>
      bytes.toString('latin1', valueStart, valueEnd),
    );
    expect(values).toEqual(['1.2\0', 'abc ', '\x07\0']);
  });

  it('writes a value too long for 16 bits as UN', () => {
    const long = encodeDataSet([textElement(0x00104000, 'LT', 'x'.repeat(70_000))], explicitLittleEndian);
    const scanned = scanDataSet(long, explicitLittleEndian);
    expect(scanned.elements[0]?.vr).toBe('UN');
    expect(strings(scanned, 0x00104000)?.[0]).toHaveLength(70_000);
  });

  it('refuses text that the character set lacks', () => {
    expect(() => textElement(0x00100010, 'PN', 'Åse', defaultCharacterSet)).toThrow(DicomError);
    expect(() => textElement(0x00080060, 'CS', 'Å', parseCharacterSet(['ISO_IR 192']))).toThrow(DicomError);
  });

  it('gives back from the file what went in', () => {
    const instance = parseInstance(
      Buffer.concat([
        part10Header({...uids, transferSyntaxUid: '1.2.840.10008.1.2.1'}),
        encodeDataSet([textElement(0x00080018, 'UI', '1.2.3.4.5')], explicitLittleEndian),
      ]),
    );
    expect(instance.meta && uid(instance.meta, 0x00020003)).toBe('1.2.3.4.5');
    expect(uid(instance.dataSet, 0x00080018)).toBe('1.2.3.4.5');
    expect(instance.transferSyntax.name).toBe('Explicit VR Little Endian');
  });
});

describe('the dictionary', () => {
  it('agrees with pydicom on VR and keyword of every public attribute both know', () => {
    const peers = python(
      `
from pydicom._dicom_dict import DicomDictionary
result = [[tag, vr, vm, keyword] for tag, (vr, vm, name, retired, keyword) in DicomDictionary.items() if keyword and vr != 'NONE']`,
      null,
    ) as [number, string, string, string][];
    const renamed = [
      'Plane',
      'PlaneNormal',
      'AverageBeamDosePointSourceToExternalContourDistance',
      'GrayLookupTableData',
    ];
    const different = peers.flatMap(([tag, vr, , keyword]) => {
      const entry = lookup(tag);
      const ours = entry === undefined ? 'nothing' : [entry.vr, entry.otherVr].filter(Boolean).sort().join(' or ');
      const theirs = vr.split(' or ').sort().join(' or ');
      return renamed.includes(keyword) || (entry?.keyword === keyword && ours === theirs)
        ? []
        : [`${formatTag(tag)} ${ours} ${entry?.keyword}: ${theirs} ${keyword}`];
    });
    expect(different).toEqual([]);
    expect(peers.length).toBeGreaterThan(4800);
  });

  it('knows repeating groups, group lengths and private creators, and no other private element', () => {
    expect(lookup(0x60023000)).toMatchObject({keyword: 'OverlayData', vr: 'OW', otherVr: 'OB'});
    expect(lookup(0x50042500)).toMatchObject({keyword: 'CurveLabel', vr: 'LO', retired: true});
    expect(lookup(0x00203105)).toMatchObject({keyword: 'SourceImageIDs'});
    expect(lookup(0x00280410)).toMatchObject({keyword: 'RowsForNthOrderCoefficients'});
    expect(lookup(0x10000010)).toMatchObject({keyword: 'EscapeTriplet'});
    expect(lookup(0x10101234)).toMatchObject({keyword: 'ZonalMap'});
    expect(lookup(0x7f020010)).toMatchObject({keyword: 'VariablePixelData'});
    expect(lookup(0x00080000)).toMatchObject({keyword: 'GroupLength', vr: 'UL'});
    expect(lookup(0x00290010)).toMatchObject({keyword: 'PrivateCreator', vr: 'LO'});
    expect(lookup(0x00291010)).toBeUndefined();
    expect(dictionaryVr(0x00291010)).toBe('UN');
    expect(tagOf('PatientID')).toBe(0x00100020);
    expect(tagOf('Nonsense')).toBeUndefined();
  });

  it('gives every attribute a VR of the standard', () => {
    for (const keyword of ['PatientName', 'PixelData', 'SmallestImagePixelValue', 'PerFrameFunctionalGroupsSequence']) {
      expect(vrs).toContain(lookup(tagOf(keyword) ?? 0)?.vr);
    }
    expect(isVr('ZZ')).toBe(false);
    expect(isVr('PN')).toBe(true);
  });

  it('has the transfer syntaxes pydicom knows, each with the right encoding', () => {
    const peers = python(
      `
from pydicom.uid import UID, AllTransferSyntaxes
result = [[str(u), u.is_implicit_VR, u.is_little_endian, u.is_deflated, u.is_encapsulated] for u in map(UID, AllTransferSyntaxes)]`,
      null,
    ) as [string, boolean, boolean, boolean, boolean][];
    for (const [uidText, implicit, littleEndian, deflated, encapsulated] of peers) {
      expect(transferSyntaxes.get(uidText), uidText).toMatchObject({
        encoding: {explicit: !implicit, littleEndian},
        deflated,
        encapsulated,
      });
    }
    expect(transferSyntaxOf('1.2.3.4').encoding).toEqual(explicitLittleEndian);
  });
});

it('writes and reads tags', () => {
  expect(formatTag(0x7fe00010)).toBe('(7FE0,0010)');
  expect([parseTag('(7fe0,0010)'), parseTag('7FE0,0010'), parseTag('7FE00010')]).toEqual([
    0x7fe00010, 0x7fe00010, 0x7fe00010,
  ]);
  expect([parseTag('7FE0'), parseTag('(7FE0,00XX)'), parseTag('')]).toEqual([undefined, undefined, undefined]);
  expect(formatTag(makeTag(0xfffe, 0xe0dd))).toBe('(FFFE,E0DD)');
  expect(privateCreatorTag(0x00291020)).toBe(0x00290010);
});
