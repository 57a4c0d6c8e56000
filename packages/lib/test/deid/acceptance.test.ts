import {describe, expect, it} from 'vitest';
import type {DeidRequest} from '../../src/deid/request.ts';
import {type DataSet, findElement, itemsOf} from '../../src/dicom/dataSet.ts';
import {tagOf} from '../../src/dicom/dictionary.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {text as textAt} from '../../src/dicom/values.ts';
import type {NewElement} from '../../src/dicom/write.ts';
import {aFile, bytes, bytesOf, deidentified, output, sequence, text} from './support/instances.ts';

async function written(elements: readonly NewElement[], request: Partial<DeidRequest> = {}): Promise<DataSet> {
  return parseInstance(await output(aFile(elements), request)).dataSet;
}

function at(root: DataSet, keyword: string): string | undefined {
  const tag = tagOf(keyword);
  if (tag === undefined) throw new Error(`no keyword ${keyword}`);
  return textAt(root, tag);
}

describe('UIDs and numbers', () => {
  it('are mapped as laid down', async () => {
    const outcome = await deidentified(
      aFile([
        text(0x0020_0010, 'SH', '1'),
        sequence(0x0008_1140, [[text(0x0008_1155, 'UI', '1.2.826.0.1.9999999.2024.1.30.10')]]),
      ]),
    );
    const root = parseInstance(bytesOf(outcome)).dataSet;
    expect(at(root, 'StudyInstanceUID')).toBe('1.3.6.1.4.1.45037.644186264526016105727092158745418022451314310');
    expect(at(root, 'SeriesInstanceUID')).toBe('1.3.6.1.4.1.45037.237278901032340517531703340274500086126005513');
    expect(at(root, 'SOPInstanceUID')).toBe('1.3.6.1.4.1.45037.844419333021681592415430123641923205599940229');
    expect(at(root, 'StudyID')).toBe('6441862645260161');
    const [item] = itemsOf(root, 0x0008_1140);
    expect(item && at(item, 'ReferencedSOPInstanceUID')).toBe(
      '1.3.6.1.4.1.45037.201164441669238808410573278001550125313835578',
    );
    expect(outcome).toMatchObject({identity: {modality: 'MR', studyInstanceUid: at(root, 'StudyInstanceUID')}});
  });

  it('are hexadecimal for older projects', async () => {
    const root = await written([], {uidStyle: 'hex'});
    expect(at(root, 'StudyInstanceUID')).toBe('1.3.6.1.4.1.45037.64e186c64fc6a16baf7c7a921f87e5eb8022e51db4310');
  });

  it('are others with a key, and the same each time', async () => {
    const key = Buffer.alloc(32, 7);
    const root = await written([text(0x0008_0050, 'SH', 'A12345')], {uidStyle: 'keyed', key});
    expect(at(root, 'StudyInstanceUID')).toMatch(/^1\.3\.6\.1\.4\.1\.45037\.[0-5]?\d{45}$/);
    expect(at(root, 'StudyInstanceUID')).not.toBe('1.3.6.1.4.1.45037.644186264526016105727092158745418022451314310');
    expect(at(root, 'AccessionNumber')).not.toBe('1811254768385460');
    expect(await output(aFile([]), {uidStyle: 'keyed', key})).toEqual(
      await output(aFile([]), {uidStyle: 'keyed', key}),
    );
  });

  it('of the standard stay', async () => {
    expect(at(await written([text(0x0020_0052, 'UI', '1.2.840.10008.1.4.1.1')]), 'FrameOfReferenceUID')).toBe(
      '1.2.840.10008.1.4.1.1',
    );
  });

  it.each([
    ['A12345', '1811254768385460'],
    ['ACC1234', '3148494085195970'],
    ['', ''],
  ])('accession number %j becomes %j', async (before, after) => {
    expect(at(await written([text(0x0008_0050, 'SH', before)]), 'AccessionNumber')).toBe(after);
  });

  it('an absent accession number stays absent', async () => {
    expect(at(await written([]), 'AccessionNumber')).toBeUndefined();
  });
});

describe('dates and ages', () => {
  it.each([
    ['20240131', '20240313'],
    ['20240229', '20240411'],
    ['20231120', '20240101'],
    ['20240230', '19700501'],
    ['', '19700501'],
  ])('StudyDate %j becomes %j', async (before, after) => {
    expect(at(await written([text(0x0008_0020, 'DA', before)]), 'StudyDate')).toBe(after);
  });

  it.each([
    ['SeriesDate', 'DA', '20240230', ''],
    ['SeriesDate', 'DA', '2024.01.05', '20240216'],
    ['SeriesDate', 'DA', '20240101\\20240202', '20240212\\20240315'],
    ['ObservationDateTime', 'DT', '20231231235959.999999+0200', '20240211235959.999999+0200'],
    ['PatientAge', 'AS', '034Y', '034Y'],
    ['PatientAge', 'AS', '093Y', '090Y'],
    ['PatientAge', 'AS', 'XX', ''],
    ['ScanningSequence', 'CS', 'GR\\IR', 'GR\\IR'],
    ['SliceThickness', 'DS', '1.25', '1.25'],
    ['SliceThickness', 'DS', 'DOE^JOHN', ''],
    ['DeviceSerialNumber', 'LO', '12345', 'DEV0E033CA3'],
    ['OperatorsName', 'PN', 'A^B', ''],
    ['OtherPatientIDs', 'LO', '123', undefined],
    ['PatientTelephoneNumbers', 'SH', '123', undefined],
    ['InstitutionAddress', 'ST', 'Street', undefined],
    ['ImageComments', 'LT', 'brain', undefined],
    ['PatientBirthDate', 'DA', '19700101', ''],
    ['BodyPartExamined', 'CS', 'BRAIN', 'BRAIN'],
    ['BodyPartExamined', 'CS', 'ZYX', 'BODYPART'],
    ['Manufacturer', 'LO', 'Zyx Systems 5', 'Zyx Systems 5'],
    ['Manufacturer', 'LO', 'Zyx 123456 Systems', 'Systems'],
    ['TimezoneOffsetFromUTC', 'SH', '+0100', '+0100'],
    ['TimezoneOffsetFromUTC', 'SH', 'Oslo', ''],
    ['InstanceNumber', 'IS', '7', '7'],
    ['ContrastBolusAgent', 'LO', '', ''],
    ['ContrastBolusAgent', 'LO', 'Zyxwv', 'removed'],
    ['ContainerIdentifier', 'LO', 'AB12', 'removed'],
    ['TextValue', 'UT', '', ''],
    ['ImageType', 'CS', 'ORIGINAL\\PRIMARY\\M\\ND', 'ORIGINAL\\PRIMARY\\M\\ND'],
    ['ImageType', 'CS', 'ORIGINAL\\01017012345', 'REMOVED'],
  ] as const)('%s %s %j becomes %j', async (keyword, vr, before, after) => {
    const tag = tagOf(keyword) ?? 0;
    expect(at(await written([text(tag, vr, before)]), keyword)).toBe(after);
  });
});

describe('descriptions', () => {
  it('lose what names the patient and keep the rest', async () => {
    const root = await written([
      text(0x0010_0010, 'PN', 'NORDMANN^TEST'),
      text(0x0008_103e, 'LO', 'T1_mprage_sag_p2_iso_1.0 NORDMANN 01017012345'),
      text(0x0018_1030, 'LO', 'Dr. Zyxwv hjerne T2'),
      text(0x0008_1030, 'LO', 'Zyxwv'),
    ]);
    expect(at(root, 'SeriesDescription')).toBe('T1_mprage_sag_p2_iso_1.0');
    expect(at(root, 'ProtocolName')).toBe('hjerne T2');
    expect(at(root, 'StudyDescription')).toBe('');
  });
});

describe('private elements', () => {
  it('stay when safe, with their creator, and go otherwise', async () => {
    const root = await written([
      text(0x0019_0010, 'LO', 'SIEMENS MR HEADER'),
      text(0x0019_1008, 'CS', 'IMAGE NUM 4'),
      text(0x0019_100c, 'IS', '1000'),
      text(0x0029_0010, 'LO', 'SIEMENS CSA HEADER'),
      bytes(0x0029_1010, 'OB', Buffer.from('SV10 NORDMANN')),
    ]);
    expect(textAt(root, 0x0019_0010)).toBe('SIEMENS MR HEADER');
    expect(textAt(root, 0x0019_100c)).toBe('1000');
    expect(root.elements.filter(({tag}) => (tag >>> 16) % 2 === 1)).toHaveLength(2);
  });

  it('that hold text where a number should be are emptied', async () => {
    const root = await written([text(0x0019_0010, 'LO', 'SIEMENS MR HEADER'), text(0x0019_100c, 'IS', 'DOE^JOHN')]);
    expect(textAt(root, 0x0019_100c)).toBe('');
  });
});

describe('structured content', () => {
  const concept = (code: string, meaning: string) =>
    sequence(0x0040_a043, [
      [text(0x0008_0100, 'SH', code), text(0x0008_0102, 'SH', 'DCM'), text(0x0008_0104, 'LO', meaning)],
    ]);

  it('keeps numbers and codes, and no text', async () => {
    const root = await written([
      sequence(0x0040_a730, [
        [text(0x0040_a040, 'CS', 'TEXT'), concept('121071', 'Finding'), text(0x0040_a160, 'UT', 'Seen by Dr Zyxwv')],
        [text(0x0040_a040, 'CS', 'NUM'), sequence(0x0040_a300, [[text(0x0040_a30a, 'DS', '23')]])],
        [text(0x0040_a040, 'CS', 'TEXT'), concept('121008', 'Person Observer Name'), text(0x0040_a160, 'UT', 'x')],
        [text(0x0040_a040, 'CS', 'DATE'), concept('121031', 'Subject Birth Date'), text(0x0040_a121, 'DA', '19700101')],
        [
          text(0x0040_a040, 'CS', 'CODE'),
          concept('121009', 'Person Observer Organization Name'),
          sequence(0x0040_a168, [
            [text(0x0008_0100, 'SH', '1'), text(0x0008_0102, 'SH', 'DCM'), text(0x0008_0104, 'LO', 'Zyx')],
          ]),
        ],
      ]),
    ]);
    const items = itemsOf(root, 0x0040_a730);
    expect(items.map(item => at(item, 'TextValue'))).toEqual(['removed', undefined, 'removed', undefined, undefined]);
    expect(itemsOf(items[1] as DataSet, 0x0040_a300).map(item => at(item, 'NumericValue'))).toEqual(['23']);
    expect(at(items[3] as DataSet, 'Date')).toBe('19000101');
    expect(itemsOf(items[4] as DataSet, 0x0040_a168).map(item => at(item, 'CodeMeaning'))).toEqual(['removed']);
    expect(items.map(item => itemsOf(item, 0x0040_a043).map(code => at(code, 'CodeMeaning'))[0])[0]).toBe('Finding');
  });

  it('cleans codes of local schemes', async () => {
    const code = (scheme: string, value: string, meaning: string) => [
      text(0x0008_0100, 'SH', value),
      text(0x0008_0102, 'SH', scheme),
      text(0x0008_0104, 'LO', meaning),
    ];
    const root = await written([
      sequence(0x0008_1032, [
        code('99ZYX', 'AB.1', 'Brain Zyxwv'),
        code('99 ZYX', '1234567', 'Zyxwv'),
        code('SCT', '69536005', 'Head Zyxwv'),
      ]),
    ]);
    const read = itemsOf(root, 0x0008_1032).map(item => [
      at(item, 'CodeValue'),
      at(item, 'CodingSchemeDesignator'),
      at(item, 'CodeMeaning'),
    ]);
    expect(read).toEqual([
      ['AB.1', '99ZYX', 'Brain'],
      ['removed', '99LOCAL', 'removed'],
      ['69536005', 'SCT', 'Head Zyxwv'],
    ]);
  });
});

describe('what is not sent', () => {
  it.each([
    ['1.2.840.10008.5.1.4.1.1.104.1', 'encapsulated-document'],
    ['1.2.840.10008.1.3.10', 'not-a-storage-instance'],
    ['1.2.840.10008.5.1.4.1.1.66', 'raw-data'],
    ['1.3.12.2.1107.5.9.1', 'private-sop-class'],
    ['1.2.840.10008.5.1.4.1.1.77.1.4', 'declared-face'],
  ])('an instance of class %s is skipped as %s', async (sopClass, reason) => {
    expect(await deidentified(aFile([text(0x0008_0016, 'UI', sopClass)]))).toMatchObject({kind: 'skipped', reason});
  });

  it('a class that the project allows is sent', async () => {
    const file = aFile([text(0x0008_0016, 'UI', '1.3.12.2.1107.5.9.1')]);
    expect(await deidentified(file, {allow: ['1.3.12.2.1107.5.9.1']})).toMatchObject({kind: 'written'});
  });

  it.each([0x0008_0018, 0x0020_000d, 0x0020_000e])('an instance without UID %s is set aside', async tag => {
    expect(await deidentified(aFile([text(tag, 'UI', '')]))).toMatchObject({
      kind: 'quarantined',
      reason: 'bad-uid',
      tag,
    });
    expect(await deidentified(aFile([text(tag, 'UI', '1.2.3/../4')]))).toMatchObject({
      kind: 'quarantined',
      reason: 'bad-uid',
      tag,
    });
  });

  it.each([
    ['nothing', [], 'written'],
    ['BurnedInAnnotation YES', [text(0x0028_0301, 'CS', 'YES')], 'quarantined'],
    ['a derived secondary image', [text(0x0008_0008, 'CS', 'DERIVED\\SECONDARY')], 'quarantined'],
    [
      'the same, declared clean',
      [text(0x0008_0008, 'CS', 'DERIVED\\SECONDARY'), text(0x0028_0301, 'CS', 'NO')],
      'written',
    ],
    [
      'a screen',
      [text(0x0008_0008, 'CS', 'DERIVED\\PRIMARY\\SCREEN SAVE'), text(0x0028_0301, 'CS', 'NO')],
      'quarantined',
    ],
    ['a secondary capture', [text(0x0008_0016, 'UI', '1.2.840.10008.5.1.4.1.1.7')], 'quarantined'],
  ] as const)('pixels with %s are %s', async (_, elements, kind) => {
    const image = [
      bytes(0x0028_0010, 'US', Buffer.from([1, 0])),
      bytes(0x0028_0011, 'US', Buffer.from([2, 0])),
      bytes(0x0028_0100, 'US', Buffer.from([8, 0])),
      bytes(0x7fe0_0010, 'OW', Buffer.from([1, 2])),
    ];
    const file = aFile([...elements, ...image]);
    expect(await deidentified(file)).toMatchObject({kind});
    expect(await deidentified(file, {pixelGate: {cleared: true, burned: true}})).toMatchObject({kind: 'written'});
    if (kind === 'written')
      expect(await deidentified(file, {pixelGate: {cleared: false, burned: true}})).toMatchObject({
        kind: 'quarantined',
      });
  });
});

describe('the stamp', () => {
  it('is on every instance, whatever the instance said before', async () => {
    const root = await written([
      text(0x0012_0063, 'LO', 'Zyx method'),
      text(0x0012_0062, 'CS', 'NO'),
      sequence(0x0012_0064, [
        [
          text(0x0008_0100, 'SH', '113101'),
          text(0x0008_0102, 'SH', 'DCM'),
          text(0x0008_0104, 'LO', 'Clean Pixel Data Option'),
        ],
      ]),
    ]);
    expect(at(root, 'PatientIdentityRemoved')).toBe('YES');
    expect(at(root, 'DeidentificationMethod')).toMatch(/^Per DICOM PS 3\.15 AnnexE\\Fiona \d+\.\d+\\Profile 2026d$/);
    expect(at(root, 'LongitudinalTemporalInformationModified')).toBe('MODIFIED');
    expect(itemsOf(root, 0x0012_0064).map(item => at(item, 'CodeValue'))).toContain('113101');
    expect(at(root, 'BurnedInAnnotation')).toBeUndefined();
  });

  it('carries subject, project and event', async () => {
    const root = await written([], {event: 'Baseline', trialSponsor: 'Sponsor'});
    const read = [
      'PatientName',
      'PatientID',
      'ClinicalTrialSubjectID',
      'InstitutionName',
      'ClinicalTrialProtocolID',
      'ClinicalTrialProtocolName',
    ].map(keyword => at(root, keyword));
    expect(read).toEqual(['SUBJ-001', 'SUBJ-001', 'SUBJ-001', 'TRIAL-01', 'TRIAL-01', 'TRIAL-01']);
    const event = [
      'ClinicalTrialTimePointID',
      'ClinicalTrialTimePointDescription',
      'ReferringPhysicianName',
      'ReasonForTheRequestedProcedure',
      'ReasonForTheImagingServiceRequest',
    ].map(keyword => at(root, keyword));
    expect(event).toEqual(['Baseline', 'Baseline', 'EventName:Baseline', 'EventName:Baseline', 'EventName:Baseline']);
    expect(at(root, 'ClinicalTrialSponsorName')).toBe('Sponsor');
    const without = await written([text(0x0040_2001, 'LO', 'x')]);
    expect(at(without, 'ReferringPhysicianName')).toBe('');
    expect(findElement(without, 0x0040_2001)).toBeUndefined();
  });

  it('claims clean pixels when they were cleaned', async () => {
    const root = await written([text(0x0028_0301, 'CS', 'YES')], {
      pixelGate: {cleared: true, burned: true, cleaned: true},
    });
    expect(at(root, 'BurnedInAnnotation')).toBe('NO');
    expect(itemsOf(root, 0x0012_0064).map(item => at(item, 'CodeValue'))).toContain('113101');
  });
});

describe('a rule of the project', () => {
  const rule = {tag: 0x0032_4000, pattern: '\\[[^ ]+ ([^ ]+ [AMP]+).*\\](.*)'};
  it.each([
    ['[ab12 3:15 PM - J Doe]left knee', '3:15 PM left knee'],
    ['left knee', 'FIONA: no match on regular expression'],
  ])('makes %j into %j', async (before, after) => {
    expect(at(await written([text(0x0032_4000, 'LT', before)], {importRules: [rule]}), 'StudyComments')).toBe(after);
  });

  it('that is no pattern fails safe', async () => {
    const broken = {importRules: [{tag: 0x0008_103e, pattern: '('}]};
    expect(at(await written([text(0x0008_103e, 'LO', 'x')], broken), 'SeriesDescription')).toBe(
      'FIONA: no match on regular expression',
    );
  });

  it('that lets a name through sets the instance aside', async () => {
    const file = aFile([text(0x0010_0010, 'PN', 'NORDMANN^OLA'), text(0x0008_103e, 'LO', 'scan of NORDMANN')]);
    const outcome = await deidentified(file, {importRules: [{tag: 0x0008_103e, pattern: '(.*)'}]});
    expect(outcome).toMatchObject({kind: 'quarantined', reason: 'identifier-survived', tag: 0x0008_103e});
  });
});

describe('character sets', () => {
  it('change to UTF-8 when the project cannot be written otherwise, with all text', async () => {
    const root = await written(
      [text(0x0008_0005, 'CS', 'ISO_IR 144'), bytes(0x0008_1030, 'LO', Buffer.from([0x54, 0x32]))],
      {project: 'PRØVE'},
    );
    expect(at(root, 'SpecificCharacterSet')).toBe('ISO_IR 192');
    expect(at(root, 'InstitutionName')).toBe('PRØVE');
    const latin = await written(
      [text(0x0008_0005, 'CS', 'ISO_IR 100'), bytes(0x0008_1030, 'LO', Buffer.from('høyre kne', 'latin1'))],
      {project: 'PRØVE'},
    );
    expect(at(latin, 'SpecificCharacterSet')).toBe('ISO_IR 100');
    expect(at(latin, 'StudyDescription')).toBe('høyre kne');
    expect(at(latin, 'InstitutionName')).toBe('PRØVE');
    const russian = await written(
      [text(0x0008_0005, 'CS', 'ISO_IR 100'), bytes(0x0008_1030, 'LO', Buffer.from('høyre kne', 'latin1'))],
      {project: 'ПРОЕКТ'},
    );
    expect(at(russian, 'SpecificCharacterSet')).toBe('ISO_IR 192');
    expect(at(russian, 'StudyDescription')).toBe('høyre kne');
    expect(at(russian, 'InstitutionName')).toBe('ПРОЕКТ');
  });

  it('that the bytes contradict cost the text', async () => {
    expect(
      at(await written([bytes(0x0008_1030, 'LO', Buffer.from('høyre kne', 'latin1'))]), 'StudyDescription'),
    ).toBeUndefined();
  });
});
