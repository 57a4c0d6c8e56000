import {spawnSync} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {explicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {bytesElement, encodeDataSet, part10Header} from '@fiona/lib/dicom/write';
import {elementsOf} from '../../packages/sandbox/src/samples/dataSetText.ts';
import {ctHeader} from './ctHeader.ts';

const pixelData = 0x7fe00010;
const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';
const instancesPerSeries = 250;

/** Files of a made-up study. */
export interface Instances {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly bytes: number;
  readonly studyInstanceUid: string;
  /** `500 x 526 kB`. */
  readonly title: string;
}

export interface InstancesWanted {
  readonly count: number;
  /** Rows and columns: 512 makes 530 kB, 128 makes 38 kB. */
  readonly size: number;
  /** Tells studies apart: two with the same number have the same UIDs. */
  readonly study: number;
  /** Called with the path before each file is written; default `IM<n>` in the folder. */
  readonly nameOf?: (sopInstanceUid: string, index: number) => string;
  /** False: nobody measures, they need not be on the disk. */
  readonly sync?: boolean;
}

/** Bytes of pixels that compress like an image: smooth with noise in the low bits. */
function somePixels(size: number): Buffer {
  const pixels = new Uint16Array(size * size);
  let noise = 1;
  for (let at = 0; at < pixels.length; at++) {
    noise = (Math.imul(noise, 1103515245) + 12345) >>> 0;
    pixels[at] = (((at % size) + Math.floor(at / size)) & 0x7ff) + (noise >>> 28);
  }
  return Buffer.from(pixels.buffer);
}

/** Writes CT instances as a scanner would have sent them, in a few series of one study. */
export function writeInstances(folder: string, {count, size, study, nameOf, sync = true}: InstancesWanted): Instances {
  mkdirSync(folder, {recursive: true});
  const studyInstanceUid = `1.2.826.0.1.3680043.10.999.77.${study}`;
  const pixels = encodeDataSet([bytesElement(pixelData, 'OW', somePixels(size))], explicitLittleEndian);
  let bytes = 0;
  const paths = Array.from({length: count}, (_, index) => {
    const place = {series: 2 + Math.floor(index / instancesPerSeries), instance: 1 + (index % instancesPerSeries)};
    const header = encodeDataSet(elementsOf(ctHeader({study: studyInstanceUid, size, ...place})), explicitLittleEndian);
    const sopInstanceUid = `${studyInstanceUid}.${place.series}.${place.instance}`;
    const meta = part10Header({
      sopClassUid: ctImageStorage,
      sopInstanceUid,
      transferSyntaxUid: transferSyntaxUid.explicitLittleEndian,
    });
    const path = join(folder, nameOf?.(sopInstanceUid, index) ?? `IM${String(index).padStart(5, '0')}`);
    const content = Buffer.concat([meta, header, pixels]);
    writeFileSync(path, content);
    bytes += content.length;
    return path;
  });
  // or whoever makes a file durable next would pay for these
  if (sync) spawnSync('sync');
  return {folder, paths, bytes, studyInstanceUid, title: `${count} x ${Math.round(bytes / count / 1000)} kB`};
}
