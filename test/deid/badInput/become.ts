import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Deidentifier} from '@fiona/lib/deid/engine';
import {deidentifyFile} from '@fiona/lib/deid/fileTask';
import type {DeidRequest} from '@fiona/lib/deid/request';
import {parseInstance} from '@fiona/lib/dicom/read';
import type {Tag} from '@fiona/lib/dicom/tag';
import {explicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {
  encodeDataSet,
  encodeElementHeader,
  encodeItemHeader,
  type NewElement,
  part10Header,
} from '@fiona/lib/dicom/write';
import {afterAll, expect} from 'vitest';
import {aRequest, identity, mrImageStorage, text} from '../../../packages/lib/test/deid/support/instances.ts';

/** In no vocabulary, and in no text of the product. */
export const name = 'Qzvxkmorn';
export const undefinedLength = 0xffff_ffff;
export const itemTag = 0xfffe_e000;
export const itemEnd = 0xfffe_e00d;
export const sequenceEnd = 0xfffe_e0dd;
export const contentSequence = 0x0040_a730;

export const folder = mkdtempSync(join(tmpdir(), 'deid-bad-'));
let next = 0;
afterAll(() => rmSync(folder, {recursive: true}));

/** What becomes of a file: the new file's bytes, or the reason for which there is none. */
export async function become(file: Buffer, request: Partial<DeidRequest> = {}): Promise<Buffer | string> {
  const path = join(folder, `${next++}.dcm`);
  writeFileSync(path, file);
  const whole = {...aRequest, ...request};
  const deidentifier = await Deidentifier.create(whole);
  const output = {folder: mkdtempSync(join(folder, 'out-')), made: new Set<string>()};
  const {outcome} = deidentifyFile(deidentifier, {path}, output, whole.limits);
  if (outcome.kind !== 'written') return outcome.reason;
  return readFileSync(outcome.path);
}

/** The bytes of a file that must be written, without the name. */
export async function cleaned(file: Buffer, request: Partial<DeidRequest> = {}): Promise<Buffer> {
  const result = await become(file, request);
  if (typeof result === 'string') throw new Error(result);
  expect(result.includes(name)).toBe(false);
  expect(result.includes(name.toUpperCase())).toBe(false);
  return result;
}

/** The data set of a file that must be written. */
export async function rootOf(file: Buffer, request: Partial<DeidRequest> = {}) {
  return parseInstance(await cleaned(file, request)).dataSet;
}

/** A file whose data set is an identity and these bytes. */
export function rawFile(...behind: Buffer[]): Buffer {
  const meta = part10Header({
    sopClassUid: mrImageStorage,
    sopInstanceUid: '1.2.3',
    transferSyntaxUid: transferSyntaxUid.explicitLittleEndian,
  });
  return Buffer.concat([meta, encodeDataSet(identity, explicitLittleEndian), ...behind]);
}

/** Of an element in explicit VR, with whatever length. */
export const header = (tag: Tag, vr: NewElement['vr'], length: number) =>
  encodeElementHeader(tag, vr, length, explicitLittleEndian);
export const item = (length: number) => encodeItemHeader(itemTag, length, true);
export const delimiter = (tag: Tag) => encodeItemHeader(tag, 0, true);
export const person = text(0x0010_0010, 'PN', `${name}^A`);
