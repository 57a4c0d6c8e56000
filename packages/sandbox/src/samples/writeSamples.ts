import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {explicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {encodeDataSet, part10Header} from '@fiona/lib/dicom/write';
import {elementsOf} from './dataSetText.ts';
import type {SampleInstance} from './instances.ts';
import type {SampleStudy} from './studies.ts';

/** An instance as a DICOM file (PS3.10), explicit VR little endian. */
export function encodeInstance({sopClassUid, dataSet}: SampleInstance): Buffer {
  const header = part10Header({
    sopClassUid,
    sopInstanceUid: String(dataSet.SOPInstanceUID),
    transferSyntaxUid: transferSyntaxUid.explicitLittleEndian,
  });
  return Buffer.concat([header, encodeDataSet(elementsOf(dataSet), explicitLittleEndian)]);
}

/** Writes the instances of a study into a folder of their own below `folder` and returns their paths in order. */
export async function writeStudy(folder: string, study: SampleStudy): Promise<string[]> {
  const home = join(folder, study.studyInstanceUid);
  await mkdir(home, {recursive: true});
  const paths: string[] = [];
  for (const instance of study.instances) {
    const path = join(home, `${instance.dataSet.SOPInstanceUID}.dcm`);
    await writeFile(path, encodeInstance(instance));
    paths.push(path);
  }
  return paths;
}
