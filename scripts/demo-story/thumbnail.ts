import {readFile} from 'node:fs/promises';
import {findElement, valueBytes} from '@fiona/lib/dicom/dataSet';
import {parseInstance} from '@fiona/lib/dicom/read';
import {numbers} from '@fiona/lib/dicom/values';
import {encode} from 'fast-png';

const pixelData = 0x7fe00010;

/** The picture of a native 16-bit grey-scale instance as a PNG data address, windowed as it asks; undefined without pixels. */
export async function thumbnail(path: string): Promise<string | undefined> {
  const {dataSet} = parseInstance(await readFile(path));
  const element = findElement(dataSet, pixelData);
  const one = (tag: number): number => numbers(dataSet, tag)?.[0] ?? 0;
  if (element === undefined) return undefined;
  const [height, width, isSigned] = [one(0x00280010), one(0x00280011), one(0x00280103) === 1];
  const bytes = valueBytes(dataSet, element);
  const [low, range] = [one(0x00281050) - one(0x00281051) / 2, one(0x00281051)];
  const grey = Uint8Array.from({length: width * height}, (_, index) => {
    const stored = isSigned ? bytes.readInt16LE(index * 2) : bytes.readUInt16LE(index * 2);
    return Math.max(0, Math.min(255, ((stored - low) / range) * 255));
  });
  const png = encode({width, height, data: grey, channels: 1, depth: 8});
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}
