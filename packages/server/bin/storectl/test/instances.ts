import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {silentLog} from '@fiona/lib/cli/log';
import {explicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {bytesElement, encodeDataSet, part10Header, textElement} from '@fiona/lib/dicom/write';
import {readInstanceFacts} from '@fiona/lib/dimse/instanceFile';
import {storeInstances} from '@fiona/lib/dimse/storeScu';
import {afterAll, expect} from 'vitest';
import {makeReceiverSite, type ReceiverSite} from '../../../../../test/support/receiverSite.ts';

export const ct = '1.2.840.10008.5.1.4.1.1.2';
const files = mkdtempSync(join(tmpdir(), 'fiona-instances-'));
afterAll(() => rmSync(files, {recursive: true, force: true}));

/** One CT instance on disk. */
export interface Sample {
  readonly path: string;
  readonly study: string;
  readonly sop: string;
}

let written = 0;

export interface SampleOptions {
  readonly pixelBytes?: number;
  /** Length of a private element before the study. */
  readonly privateBytes?: number;
  readonly sop?: string;
}

/** Writes an instance whose pixels are like no other's. */
export function sample(
  study: string,
  {pixelBytes = 512, privateBytes = 0, sop = `${study}.${written + 1}`}: SampleOptions = {},
): Sample {
  written += 1;
  const pixels = Buffer.alloc(pixelBytes, written);
  pixels.writeUInt32LE(written);
  const dataSet = [
    textElement(0x00080016, 'UI', ct),
    textElement(0x00080018, 'UI', sop),
    ...(privateBytes > 0
      ? [textElement(0x00090010, 'LO', 'ACME'), bytesElement(0x00091001, 'OB', Buffer.alloc(privateBytes, 7))]
      : []),
    textElement(0x0020000d, 'UI', study),
    textElement(0x0020000e, 'UI', `${study}.77`),
    bytesElement(0x7fe00010, 'OW', pixels),
  ];
  const header = part10Header({
    sopClassUid: ct,
    sopInstanceUid: sop,
    transferSyntaxUid: transferSyntaxUid.explicitLittleEndian,
  });
  const path = join(files, `${written}.dcm`);
  writeFileSync(path, Buffer.concat([header, encodeDataSet(dataSet, explicitLittleEndian)]));
  return {path, study, sop};
}

export function samples(count: number, study: string, options: SampleOptions = {}): Sample[] {
  return Array.from({length: count}, () => sample(study, options));
}

/** The bytes that go over the network. */
export function dataSetOf(path: string): Buffer {
  return readFileSync(path).subarray(readInstanceFacts(path).dataSetOffset);
}

export interface Answer extends Sample {
  readonly kind: string;
  readonly status: number | undefined;
}

/** Sends over one association (or several), no second attempts. @returns what became of each, in the order of the answers */
export async function send(
  {port}: Pick<ReceiverSite, 'port'>,
  instances: readonly Sample[],
  {associations = 1, signal}: {associations?: number; signal?: AbortSignal} = {},
): Promise<Answer[]> {
  const answers: Answer[] = [];
  await storeInstances({
    peer: {host: '127.0.0.1', port, aeTitle: 'FIONA', callingAeTitle: 'CT1'},
    instances: [...instances],
    associations,
    onResult: ({instance, kind, status}) => answers.push({...instance, kind, status}),
    log: silentLog,
    ...(signal && {signal}),
  });
  return answers;
}

/** Holds success answers, files with the right bytes and journal lines against each other. @returns what is wrong */
export function discrepancies(site: ReceiverSite, answers: readonly Answer[]): string[] {
  const wrong: string[] = [];
  const stored = answers.filter(({kind}) => kind === 'stored');
  const lines = site.journal();
  for (const {path, study, sop} of stored) {
    const name = `CT.${sop}`;
    if (!lines.some(line => line.endsWith(`/scp_${study},${name}`))) wrong.push(`no line of ${sop}`);
    try {
      const archived = join(site.dataDir, 'site/archive', `scp_${study}`, name);
      if (!dataSetOf(archived).equals(dataSetOf(path))) wrong.push(`other bytes in ${sop}`);
    } catch (error) {
      wrong.push(`${sop}: ${String(error)}`);
    }
  }
  return wrong;
}

export const archiveOf = (site: ReceiverSite): string => join(site.dataDir, 'site/archive');

/** Resolves when the condition holds; fails the test when it does not in time. */
export async function eventually(condition: () => boolean): Promise<void> {
  const end = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`still not so: ${condition}`);
    await nextTurn();
  }
}

/** A site that is started, and everything undone with it. */
export async function startedSite(receiver: object, dataDir?: string): Promise<ReceiverSite> {
  const change = {RECEIVER: {listenAddress: '127.0.0.1', ...receiver}};
  const site = await makeReceiverSite(change, dataDir === undefined ? {} : {dataDir});
  expect((await site.storectl('start')).code).toBe(0);
  return site;
}
