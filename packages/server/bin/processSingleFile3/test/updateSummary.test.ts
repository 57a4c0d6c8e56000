import {scanDataSet} from '@fiona/lib/dicom/scan';
import {explicitLittleEndian} from '@fiona/lib/dicom/transferSyntax';
import {describe, expect, it} from 'vitest';
import {Indexer} from '../src/indexer.ts';
import {parseMessage} from '../src/message.ts';
import type {Summary} from '../src/seriesSummary.ts';
import {updateSummary} from '../src/updateSummary.ts';
import {aSite, summariesOf} from './helpers.ts';
import {type Attributes, aCsaHeader, anInstance, store} from './instances.ts';

const nothing = scanDataSet(Buffer.alloc(0), explicitLittleEndian);

/** The summary after images that say these things. */
function afterImages(...images: Summary[]): Summary {
  let summary: Summary | undefined;
  for (const [index, fresh] of images.entries()) {
    const joining = {facts: {fresh, diffusion: undefined}, dataSet: nothing, numFiles: index + 1};
    summary = updateSummary(summary, joining, undefined).summary;
  }
  return summary ?? {};
}

/** The summary of a series of real files. */
async function summaryOf(images: Attributes[], options: {implicit?: boolean} = {}): Promise<Summary> {
  const site = aSite();
  const indexer = new Indexer(site);
  for (const [index, attributes] of images.entries()) {
    const all: Attributes = {SOPInstanceUID: ['UI', `1.2.3.1.${index + 1}`], ...attributes};
    const {directory, filename} = store(site.root, all, anInstance(all, options));
    await indexer.add(parseMessage(`MR1,FIONA,192.0.2.1,${directory},${filename}`, 'journal'));
  }
  await indexer.flush();
  return Object.values(summariesOf(site.root))[0] ?? {};
}

describe('updating a summary', () => {
  it.each([
    [['10', '9', '8'], '8'],
    [['8', '10'], '8'],
    [['8', undefined, '7'], '7'],
    [[undefined, '4'], '4'],
    [['8', 'left'], '8'],
    [['left', '8'], 'left'],
    [['-1.5', '-2'], '-2'],
  ])('keeps the lowest SliceLocation of %j', (locations, lowest) => {
    const images = locations.map(SliceLocation => (SliceLocation === undefined ? {} : {SliceLocation}));
    expect(afterImages(...images).SliceLocation).toBe(lowest);
  });

  it('keeps what the first image said and adds what it did not say (PF-25)', () => {
    expect(
      afterImages(
        {InstanceNumber: '5', StudyDescription: ''},
        {InstanceNumber: '1', SeriesDescription: 'AX', StudyDescription: 'Head'},
      ),
    ).toMatchObject({
      InstanceNumber: '5',
      SeriesDescription: 'AX',
      StudyDescription: 'Head',
      NumFiles: '2',
      ClassifyType: [],
    });
    expect(afterImages({EchoTime: 'None'}, {EchoTime: '3'}).EchoTime).toBe('3');
    expect(afterImages({StationName: 'A'}, {StationName: ''}).StationName).toBe('A');
  });

  it('collects modalities (PF-15) and takes the latest MeasID', () => {
    expect(
      afterImages({Modality: ['MR'], MeasID: '1'}, {Modality: ['SC'], MeasID: '2'}, {Modality: ['MR']}),
    ).toMatchObject({
      Modality: ['MR', 'SC'],
      MeasID: '2',
    });
  });
});

describe('texts of a summary', () => {
  it('have the forms that rules match on', async () => {
    const summary = await summaryOf([
      {
        SpecificCharacterSet: ['CS', 'ISO_IR 192'],
        PatientName: ['PN', Buffer.from('Müller^Jörg')],
        OperatorsName: ['PN', 'A^B', 'C^D'],
        ImageType: ['CS', 'ORIGINAL', 'PRIMARY'],
        AcquisitionMatrix: ['US', 0, 256, 256, 0],
        EchoTime: ['DS', '2.980'],
        SeriesNumber: ['IS', '007'],
        RepetitionTime: ['DS', ''],
        StationName: ['SH', ''],
        StudyDescription: undefined,
        SoftwareVersions: ['LO', 'syngo MR', 'release:N4_VE11C_LATEST'],
        SeriesDate: ['DA', '20260102'],
      },
    ]);
    expect(summary).toMatchObject({
      PatientName: 'Müller^Jörg',
      OperatorsName: '[A^B, C^D]',
      ImageType: "['ORIGINAL', 'PRIMARY']",
      AcquisitionMatrix: '[0, 256, 256, 0]',
      EchoTime: '2.980',
      SeriesNumber: '007',
      StationName: '',
      StudyDescription: 'missing',
      SoftwareVersion: "['syngo MR', 'release:N4_VE11C_LATEST']",
      OSLevel: 'N4',
      SeriesDate: '20260102',
    });
    expect(summary).not.toHaveProperty('RepetitionTime');
  });

  it('decode ISO_IR 100', async () => {
    const summary = await summaryOf([
      {SpecificCharacterSet: ['CS', 'ISO_IR 100'], PatientName: ['PN', Buffer.from('Buc^Jérôme', 'latin1')]},
    ]);
    expect(summary.PatientName).toBe('Buc^Jérôme');
  });

  it.each([true, false])('type private elements without VR by their creator (implicit: %s)', async implicit => {
    const vr = implicit ? 'LO' : 'UN';
    const numbers = Buffer.alloc(4);
    numbers.writeFloatLE(312800384);
    const summary = await summaryOf(
      [
        {
          '00190010': ['LO', 'GEMS_ACQU_01'],
          '0019105a': [implicit ? 'FL' : 'UN', numbers],
          '0019109c': [vr, Buffer.from('EFGRE3D ')],
          '00430010': ['LO', 'GEMS_PARM_01'],
          '00431039': [vr, Buffer.from('1000000050\\8\\0\\0 ')],
          '00210010': ['LO', 'GEMS_RELA_01'],
          '0021104f': [vr, Buffer.from([24, 0])],
          '00510010': ['LO', 'SIEMENS MR HEADER'],
          '0051100a': [vr, Buffer.from('TA 05:11')],
        },
      ],
      {implicit},
    );
    expect(summary).toMatchObject({
      Private0019_105a: '312800384.0',
      PulseSequenceName: 'EFGRE3D',
      Private0043_1039: '[1000000050, 8, 0, 0]',
      Slices: '24',
      AcquisitionLength: 'TA 05:11',
    });
  });
});

describe('Siemens headers (PF-1)', () => {
  const protocol = [
    'sWipMemBlock.tFree\t = \t""uuid-1""',
    'sProtConsistencyInfo.tMeasuredBaselineString\t = \t""N4_VE11C_LATEST""',
    'sGroupArray.asGroup[0].nSize\t = \t72',
    'SequenceID\t = \t4711',
  ].join('\n');
  const csa = (number: number, more: Record<string, string[]> = {}): Attributes => ({
    InstanceNumber: ['IS', String(number)],
    '00290010': ['LO', 'SIEMENS CSA HEADER'],
    '00291010': [
      'OB',
      aCsaHeader({
        PhaseEncodingDirectionPositive: ['1'],
        DiffusionDirectionality: ['DIRECTIONAL'],
        B_value: ['1000'],
        DiffusionGradientDirection: ['0.1', '0.2', '0.3'],
        ...more,
      }),
    ],
    '00291020': ['OB', aCsaHeader({MrPhoenixProtocol: [protocol]})],
  });

  it('give keys of the series and one diffusion record per instance', async () => {
    const same = {SOPInstanceUID: ['UI', '1.2.3.1.1']} as Attributes;
    const summary = await summaryOf([csa(1), csa(2, {B_value: []}), {...csa(1, {B_value: ['5']}), ...same}]);
    expect(summary).toMatchObject({
      siemensUUID: 'uuid-1',
      OSLevel: 'VE11C',
      NumSlices: '72',
      MeasID: '4711',
      PhaseEncodingDirectionPositive: '1',
      NumFiles: '2',
    });
    const record = {DiffusionDirectionality: 'DIRECTIONAL', DiffusionGradientDirection: ['0.1', '0.2', '0.3']};
    expect(summary.siemensDiffusionInformation).toEqual([
      {...record, SOPInstanceUID: '1.2.3.1.1', InstanceNumber: '1', B_value: '5'},
      {...record, SOPInstanceUID: '1.2.3.1.2', InstanceNumber: '2'},
    ]);
  });

  it('count as absent when they are broken, and give an empty list when there is no diffusion', async () => {
    const broken: Attributes = {
      '00290010': ['LO', 'SIEMENS CSA HEADER'],
      '00291010': ['OB', Buffer.from('SV10 broken')],
    };
    expect(await summaryOf([broken])).not.toHaveProperty('siemensDiffusionInformation');
    expect((await summaryOf([csa(1, {DiffusionDirectionality: []})])).siemensDiffusionInformation).toEqual([]);
  });
});
