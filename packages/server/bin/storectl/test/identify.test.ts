import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {deflateRawSync} from 'node:zlib';
import {explicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {bytesElement, encodeDataSet, part10Header, textElement} from '@fiona/lib/dicom/write';
import {readInstanceFacts} from '@fiona/lib/dimse/instanceFile';
import fc from 'fast-check';
import {afterAll, describe, expect, it} from 'vitest';
import {type Arrived, identify, identifyFile} from '../src/identify.ts';

const pydicom = '/usr/lib/python3/dist-packages/pydicom/data/test_files';
const dir = mkdtempSync(join(tmpdir(), 'fiona-identify-'));
afterAll(() => rmSync(dir, {recursive: true, force: true}));

const uids = {sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: '1.2.3.4', studyInstanceUid: '1.2.3'};
const header = (syntax: string) => part10Header({...uids, transferSyntaxUid: syntax});

/** A data set with noise before the study, which does not deflate well. */
function dataSet(noise: number): Buffer {
  const random = Buffer.from(Array.from({length: noise}, (_, index) => (index * 2_654_435_761) >>> 24));
  return encodeDataSet(
    [
      textElement(0x00080016, 'UI', uids.sopClassUid),
      textElement(0x00080018, 'UI', uids.sopInstanceUid),
      textElement(0x00090010, 'LO', 'ACME'),
      bytesElement(0x00091001, 'OB', random),
      textElement(0x0020000d, 'UI', uids.studyInstanceUid),
      bytesElement(0x7fe00010, 'OW', Buffer.alloc(1 << 20, 3)),
    ],
    explicitLittleEndian,
  );
}

describe('the study of an instance', () => {
  it('is the same or not yet known, wherever the files of pydicom are cut', () => {
    let looked = 0;
    for (const name of readdirSync(pydicom).filter(each => each.endsWith('.dcm'))) {
      const bytes = readFileSync(join(pydicom, name));
      const facts = factsOf(join(pydicom, name));
      if (facts === undefined) continue;
      const {dataSetOffset, transferSyntaxUid: syntax} = facts;
      const whole = {
        header: bytes.subarray(0, dataSetOffset),
        transferSyntaxUid: syntax,
        data: bytes.subarray(dataSetOffset),
      };
      const full = identify({...whole, complete: true});
      expect(identifyFile(join(pydicom, name)), name).toEqual(full);
      for (let at = 1; at < Math.min(whole.data.length, 3000); at += 7) {
        const found = identify({...whole, data: whole.data.subarray(0, at), complete: false});
        if (found !== undefined) expect(found, `${name} cut at ${at}`).toEqual(full);
        looked++;
      }
    }
    expect(looked).toBeGreaterThan(10_000);
  });

  it('is found in a deflated data set of which only the beginning has come', () => {
    for (const noise of [10, 5000, 100_000]) {
      const data = deflateRawSync(dataSet(noise));
      const arrived: Arrived = {
        header: header(transferSyntaxUid.deflated),
        transferSyntaxUid: transferSyntaxUid.deflated,
        data,
        complete: false,
      };
      expect(identify(arrived)).toEqual(uids);
      expect(identify({...arrived, data: data.subarray(0, data.length - 500)})).toEqual(uids);
      expect(identify({...arrived, data: data.subarray(0, 20)})).toBeUndefined();
    }
  });

  it('is not looked for without end in what inflates to gigabytes', () => {
    const bomb = deflateRawSync(Buffer.alloc(200 << 20));
    const syntax = transferSyntaxUid.deflated;
    const unknown = {sopClassUid: undefined, sopInstanceUid: undefined, studyInstanceUid: undefined};
    expect(identify({header: header(syntax), transferSyntaxUid: syntax, data: bomb, complete: true})).toEqual(unknown);
    const path = join(dir, 'bomb.dcm');
    writeFileSync(path, Buffer.concat([header(syntax), bomb]));
    expect(identifyFile(path)).toEqual(unknown);
  });

  it('is found, not known or missing in any bytes, but never an error', () => {
    const syntaxes = fc.constantFrom(...Object.values(transferSyntaxUid), '1.2.3.4.5');
    const good = dataSet(50);
    const mutated = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), {maxLength: 5}).map(changes => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
    const garbage = fc.uint8Array({maxLength: 300}).map(bytes => Buffer.from(bytes));
    fc.assert(
      fc.property(syntaxes, fc.oneof(garbage, mutated), fc.boolean(), (syntax, data, complete) => {
        const found = identify({header: header(syntax), transferSyntaxUid: syntax, data, complete});
        if (complete) expect(found).toBeDefined();
      }),
      {numRuns: 1000},
    );
  });
});

function factsOf(path: string) {
  try {
    return readInstanceFacts(path);
  } catch {
    return undefined;
  }
}
