import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {silentLog} from '../../src/cli/log.ts';
import {storeInstances} from '../../src/dimse/storeScu.ts';
import {background, freePort, listening, peerAt, run, runningReceiver, temporaryFolder} from './helpers.ts';
import {type Content, contentOf, contents, filesForDcmtk, notingStore, realFiles} from './realFiles.ts';

const files = realFiles();
const byTransferSyntax = Map.groupBy(files, file => file.transferSyntaxUid);

/** storescp that writes the data sets bit by bit and takes every transfer syntax; files of the same instance side by side. */
async function runningStorescp() {
  const folder = temporaryFolder();
  const port = await freePort();
  background('storescp', ['+xa', '-pm', '+B', '-uf', '-od', folder, String(port)]);
  await listening(port);
  return {port, received: () => readdirSync(folder).map(name => contentOf(join(folder, name)))};
}

const forDcmtk = filesForDcmtk();

describe('the transfer syntaxes of the files of pydicom', () => {
  it('are 11, from implicit and big endian to deflated and JPEG 2000', () => {
    expect([...byTransferSyntax.keys()].sort()).toEqual(
      ['2', '2.1', '2.1.99', '2.2', '2.4.50', '2.4.51', '2.4.70', '2.4.80', '2.4.90', '2.4.91', '2.5']
        .map(tail => `1.2.840.10008.1.${tail}`)
        .sort(),
    );
  });

  it('go from our sender to our receiver byte for byte', async () => {
    const came: Content[] = [];
    const {peer} = await runningReceiver({services: {store: notingStore(came)}});
    const summary = await storeInstances({peer, instances: files, log: silentLog, associations: 2});
    expect(summary).toMatchObject({stored: files.length, temporary: 0, final: 0});
    expect(contents(came)).toEqual(contents(files));
  });

  it('go from our sender to storescp byte for byte', async () => {
    const {port, received} = await runningStorescp();
    const summary = await storeInstances({peer: peerAt(port), instances: forDcmtk, log: silentLog});
    expect(summary).toMatchObject({stored: forDcmtk.length, temporary: 0, final: 0});
    expect(contents(received())).toEqual(contents(forDcmtk));
  });

  it('come from dcmsend to our receiver with the same bytes as to storescp', async () => {
    const came: Content[] = [];
    const {receiver} = await runningReceiver({services: {store: notingStore(came)}});
    const {port, received} = await runningStorescp();
    const paths = forDcmtk.map(file => file.path);
    const outcomes = await Promise.all(
      [receiver.port, port].map(to =>
        run('dcmsend', ['--decompress-never', '--no-halt', '127.0.0.1', String(to), ...paths]),
      ),
    );
    for (const {code, output} of outcomes) expect([0, 43], output).toContain(code);
    expect(came.length).toBeGreaterThan(forDcmtk.length * 0.9);
    expect(contents(came)).toEqual(contents(received()));
    // dcmsend makes explicit little endian of what is not compressed.
    const arrived = new Set(came.map(one => one.transferSyntaxUid));
    for (const tail of ['1', '4.50', '4.51', '4.90', '4.91', '5'])
      expect(arrived).toContain(`1.2.840.10008.1.2.${tail}`);
  });
});
