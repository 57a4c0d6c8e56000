import {writeFileSync} from 'node:fs';
import {explicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {encodeDataSet, part10Header} from '@fiona/lib/dicom/write';
import {elementsOf, type WrittenDataSet} from '../../packages/sandbox/src/samples/dataSetText.ts';
import {ctHeader} from './ctHeader.ts';

const enhancedCtImageStorage = '1.2.840.10008.5.1.4.1.1.2.1';
const study = '1.2.826.0.1.3680043.10.999.77.31';

/**
 * Writes a multi-frame instance that is nearly all header: functional groups of some 2 kB for each frame (PS3.3 C.7.6.16), pixels of one
 * byte.
 * @returns bytes of the file
 */
export function writeManyFrames(path: string, frames: number): number {
  const header = ctHeader({study, series: 2, instance: 1, size: 1});
  const dataSet: WrittenDataSet = {
    ...header,
    SOPClassUID: enhancedCtImageStorage,
    NumberOfFrames: String(frames),
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PerFrameFunctionalGroupsSequence: Array.from({length: frames}, (_, frame) => functionalGroups(frame)),
  };
  const meta = part10Header({
    sopClassUid: enhancedCtImageStorage,
    sopInstanceUid: String(header.SOPInstanceUID),
    transferSyntaxUid: transferSyntaxUid.explicitLittleEndian,
  });
  const pixels = encodeDataSet([{tag: 0x7fe0_0010, vr: 'OB', value: Buffer.alloc(frames)}], explicitLittleEndian);
  const file = Buffer.concat([meta, encodeDataSet(elementsOf(dataSet), explicitLittleEndian), pixels]);
  writeFileSync(path, file);
  return file.length;
}

function functionalGroups(frame: number): WrittenDataSet {
  const time = `20240131101730.${String(frame).padStart(6, '0')}`;
  const sources = Array.from({length: 4}, (_, index) => ({
    ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    ReferencedSOPInstanceUID: `${study}.9.${frame}.${index}`,
    PurposeOfReferenceCodeSequence: [
      {CodeValue: '121322', CodingSchemeDesignator: 'DCM', CodeMeaning: 'Source image for image processing operation'},
    ],
  }));
  return {
    FrameContentSequence: [
      {
        FrameAcquisitionDateTime: time,
        FrameReferenceDateTime: time,
        FrameAcquisitionDuration: 500,
        StackID: '1',
        InStackPositionNumber: frame + 1,
        DimensionIndexValues: frame + 1,
      },
    ],
    PlanePositionSequence: [{ImagePositionPatient: `-190.4\\-310.4\\${(frame * 0.625).toFixed(3)}`}],
    PlaneOrientationSequence: [{ImageOrientationPatient: '1\\0\\0\\0\\1\\0'}],
    PixelMeasuresSequence: [{SliceThickness: '1.0', PixelSpacing: '0.7421875\\0.7421875'}],
    FrameVOILUTSequence: [{WindowCenter: '40', WindowWidth: '400'}],
    PixelValueTransformationSequence: [{RescaleIntercept: '-1024', RescaleSlope: '1', RescaleType: 'HU'}],
    CTPositionSequence: [{TableHeight: '154.5'}],
    CTExposureSequence: [{ExposureTimeInms: 500, XRayTubeCurrentInmA: 180, ExposureInmAs: 62, CTDIvol: 4.87}],
    CTXRayDetailsSequence: [{KVP: '120', FocalSpots: '1.2', FilterType: 'FLAT'}],
    CTGeometrySequence: [{DistanceSourceToDetector: '1085.6', DistanceSourceToDataCollectionCenter: 595}],
    CTReconstructionSequence: [{ConvolutionKernel: 'B70f', ReconstructionDiameter: '380', ReconstructionAngle: 360}],
    CTTableDynamicsSequence: [{TableSpeed: 92.2, TableFeedPerRotation: 46.1, SpiralPitchFactor: 1.2}],
    FrameAnatomySequence: [
      {
        FrameLaterality: 'U',
        AnatomicRegionSequence: [{CodeValue: '51185008', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Thorax'}],
      },
    ],
    DerivationImageSequence: [{SourceImageSequence: sources}],
  };
}
