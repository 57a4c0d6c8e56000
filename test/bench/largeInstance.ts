import {closeSync, ftruncateSync, openSync, writeSync} from 'node:fs';
import {explicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {encodeDataSet, part10Header} from '@fiona/lib/dicom/write';
import {elementsOf} from '../../packages/sandbox/src/samples/dataSetText.ts';
import {ctHeader} from './ctHeader.ts';

const enhancedCtImageStorage = '1.2.840.10008.5.1.4.1.1.2.1';
const size = 512;

/** Writes a multi-frame instance with about so many bytes of pixels, all zero: the file is sparse and takes no room on the disk. */
export function writeLargeInstance(path: string, pixelBytes: number): void {
  const frames = Math.ceil(pixelBytes / (size * size * 2));
  const header = ctHeader({study: '1.2.826.0.1.3680043.10.999.77.30', series: 2, instance: 1, size});
  const dataSet = {
    ...header,
    SOPClassUID: enhancedCtImageStorage,
    NumberOfFrames: String(frames),
  };
  const meta = part10Header({
    sopClassUid: enhancedCtImageStorage,
    sopInstanceUid: String(header.SOPInstanceUID),
    transferSyntaxUid: transferSyntaxUid.explicitLittleEndian,
  });
  const start = Buffer.concat([
    meta,
    encodeDataSet(elementsOf(dataSet), explicitLittleEndian),
    pixelDataHeader(frames * size * size * 2),
  ]);
  const file = openSync(path, 'wx');
  writeSync(file, start);
  ftruncateSync(file, start.length + frames * size * size * 2);
  closeSync(file);
}

/** (7FE0,0010) OW in explicit little endian (PS3.5 7.1.2), without its value. */
function pixelDataHeader(length: number): Buffer {
  const header = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(length, 8);
  return header;
}
