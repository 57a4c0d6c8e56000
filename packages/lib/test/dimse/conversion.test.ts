import {closeSync, openSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {silentLog} from '../../src/cli/log.ts';
import {readHeader} from '../../src/dicom/read.ts';
import {transcode} from '../../src/dicom/transcode.ts';
import {transferSyntaxUid} from '../../src/dicom/transferSyntax.ts';
import {uid} from '../../src/dicom/values.ts';
import {echo} from '../../src/dimse/echoScu.ts';
import {type StoreResult, storeInstances} from '../../src/dimse/storeScu.ts';
import {sample} from '../dicom/samples.ts';
import {
  background,
  dataSetBytes,
  freePort,
  listening,
  peerAt,
  runningReceiver,
  temporaryFolder,
  writeSample,
} from './helpers.ts';

const {implicitLittleEndian: implicitUid} = transferSyntaxUid;

/** storescp that takes Implicit VR Little Endian only, and keeps what it gets bit by bit. */
async function plainStorescp(...options: string[]) {
  const folder = temporaryFolder();
  const port = await freePort();
  background('storescp', ['--implicit', '--bit-preserving', '-od', folder, ...options, String(port)]);
  await listening(port);
  const peer = peerAt(port);
  await echo(peer);
  const files = () => new Map(readdirSync(folder).map(name => [name.replace(/^[A-Z]+\./, ''), join(folder, name)]));
  return {peer, files};
}

function converted(path: string, to: string): Buffer {
  const file = openSync(path, 'r');
  try {
    return Buffer.concat(Array.from(transcode(file, to).pieces(), piece => Buffer.from(piece)));
  } finally {
    closeSync(file);
  }
}

const real = (...names: string[]) => names.map(name => ({path: sample(`test_files/${name}.dcm`)}));

async function send(peer: ReturnType<typeof peerAt>, instances: {path: string}[], convert?: boolean) {
  const results: StoreResult<{path: string}>[] = [];
  const onResult = (result: StoreResult<{path: string}>) => results.push(result);
  const summary = await storeInstances({peer, instances, log: silentLog, convert, onResult});
  return {summary, results};
}

describe('a peer that takes only uncompressed little endian', () => {
  it('gets big endian, deflated, explicit and RLE converted, the UIDs as they were', async () => {
    const {peer, files} = await plainStorescp();
    const instances = real(
      'MR_small_bigendian',
      'image_dfl',
      'CT_small',
      'SC_rgb_rle_16bit_2frame',
      'rtdose_rle',
      'MR_small_implicit',
    );
    const sent = instances.map(({path}) => uid(readHeader(path).dataSet, 0x00080018) ?? '');
    const {summary, results} = await send(peer, instances);
    expect(results.map(({reason, transferSyntaxUid: syntax}) => [reason, syntax])).toEqual(
      instances.map(() => ['stored with status 0000', implicitUid]),
    );
    expect(summary).toMatchObject({stored: 6, converted: 5, associations: 1});
    const kept = files();
    for (const [index, {path}] of instances.entries()) {
      const file = kept.get(sent[index] ?? '') ?? '';
      const expected = index === 5 ? dataSetBytes(path) : converted(path, implicitUid);
      expect(dataSetBytes(file).equals(expected), path).toBe(true);
    }
  });

  it('is told clearly what cannot be converted, and gets the rest', async () => {
    const {peer} = await plainStorescp();
    const {summary, results} = await send(peer, real('JPEG-lossy', 'CT_small', 'rtdose_expb'));
    expect(summary).toMatchObject({stored: 1, converted: 1, final: 2, temporary: 0});
    expect(results.find(({instance}) => instance.path.includes('JPEG'))).toMatchObject({
      kind: 'final',
      cause: 'context',
      reason: expect.stringMatching(
        /7 in JPEG Extended \(Process 2 and 4\) \(1\.2\.840\.10008\.1\.2\.4\.51\), which cannot be converted without loss/,
      ),
    });
    expect(results.find(({instance}) => instance.path.includes('rtdose'))).toMatchObject({
      cause: 'context',
      reason: expect.stringMatching(/order of words in big endian pixels of 32 bits is not certain/),
    });
  });

  it('gets nothing converted when that is not wanted', async () => {
    const {peer} = await plainStorescp();
    const {summary} = await send(peer, real('CT_small', 'MR_small_implicit'), false);
    expect(summary).toMatchObject({stored: 1, final: 1, converted: 0});
  });

  it('loses nobody else by a file that turns out to be damaged', async () => {
    const {peer, files} = await plainStorescp();
    const folder = temporaryFolder();
    const damaged = join(folder, 'damaged.dcm');
    const bytes = readFileSync(sample('test_files/SC_rgb_rle.dcm'));
    writeFileSync(damaged, bytes.fill(0x80, bytes.length - 600, bytes.length - 8));
    const others = Array.from({length: 8}, (_, index) => writeSample(join(folder, `${index}`), {pixelBytes: 50_000}));
    const {summary, results} = await send(peer, [...others.slice(0, 4), {path: damaged}, ...others.slice(4)]);
    expect(summary).toMatchObject({stored: 8, final: 1, associations: 1});
    expect(results.find(({kind}) => kind === 'final')).toMatchObject({cause: 'file-invalid'});
    expect(files().size).toBe(8);
  });

  it('gets pixel data larger than our memory for them, piece by piece, and others have their turn meanwhile', async () => {
    const {peer, files} = await plainStorescp();
    const path = join(temporaryFolder(), 'large');
    const {sopInstanceUid} = writeSample(path, {pixelBytes: 40_000_000});
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    const {summary} = await send(peer, [{path}]);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(10);
    expect(summary).toMatchObject({stored: 1, converted: 1});
    expect(dataSetBytes(files().get(sopInstanceUid) ?? '').equals(converted(path, implicitUid))).toBe(true);
  });
});

describe('a peer that takes everything', () => {
  it('gets every file as it is', async () => {
    const receiver = await runningReceiver();
    const instances = real('MR_small_bigendian', 'image_dfl', 'SC_rgb_rle', 'JPEG-lossy');
    expect((await send(receiver.peer, instances)).summary).toMatchObject({stored: 4, converted: 0});
    const kept = readdirSync(receiver.folder).map(name => dataSetBytes(join(receiver.folder, name)).toString('latin1'));
    expect(kept.sort()).toEqual(instances.map(({path}) => dataSetBytes(path).toString('latin1')).sort());
  });
});
