import {once} from 'node:events';
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {silentLog} from '@fiona/lib/cli/log';
import {storeInstances} from '@fiona/lib/dimse/storeScu';
import {describe, expect, it} from 'vitest';
import {eventually, onCleanup, peerAt, writeSamples} from '../../../lib/test/dimse/helpers.ts';
import {runningOrthanc} from '../../../lib/test/dimse/runningOrthanc.ts';
import {startPacs} from '../../src/pacs/startPacs.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as {port: number};
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** The embedded PACS and an Orthanc that know each other. */
async function pair() {
  const dir = mkdtempSync(join(tmpdir(), 'pacs-'));
  onCleanup(() => rmSync(dir, {recursive: true, force: true}));
  const port = await freePort();
  const {peer: orthanc, api} = await runningOrthanc({SANDBOX: port});
  const moveTo = {ORTHANC: {host: orthanc.host, port: orthanc.port}};
  const pacs = await startPacs({dir: join(dir, 'pacs'), port, moveTo, log: silentLog});
  onCleanup(() => pacs.close(0));
  const json = async <T>(path: string, body?: unknown) => (await (await api(path, body)).json()) as T;
  return {sandbox: peerAt(port), orthanc, json, dir: join(dir, 'pacs')};
}

describe('Orthanc at the embedded PACS', () => {
  it('queries it, moves a study out of it to itself, stores there and asks for storage commitment', async () => {
    const {sandbox, json, dir} = await pair();
    const instances = writeSamples(7, {studyUid: '1.2.3.50', patientId: 'ORTH1', pixelBytes: 70_000});
    await storeInstances({peer: sandbox, instances, log: silentLog});
    const query = {Level: 'Study', Query: {PatientID: 'ORTH*', StudyInstanceUID: ''}};
    const {ID} = await json<{ID: string}>('/modalities/SANDBOX/query', query);
    expect(await json(`/queries/${ID}/answers`)).toEqual(['0']);
    await json(`/queries/${ID}/retrieve`, {TargetAet: 'ORTHANC', Synchronous: true});
    const ids = await json<string[]>('/instances');
    expect(ids).toHaveLength(7);
    rmSync(join(dir, '1.2.3.50'), {recursive: true});
    await json('/modalities/SANDBOX/store', ids);
    expect(readdirSync(join(dir, '1.2.3.50', '1.2.3.1.1'))).toHaveLength(7);

    const lost = {sopInstanceUid: '1.2.3.999'};
    const asked = [...instances, lost].map(({sopInstanceUid}) => ({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      SOPInstanceUID: sopInstanceUid,
    }));
    const report = async (references: typeof asked) => {
      const {ID} = await json<{ID: string}>('/modalities/SANDBOX/storage-commitment', {DicomInstances: references});
      type Report = {Status: string; Success: unknown[]; Failures: {SOPInstanceUID: string}[]};
      let last: Report | undefined;
      await eventually(async () => {
        last = await json<Report>(`/storage-commitment/${ID}`);
        return last.Status !== 'Pending';
      });
      return last;
    };
    expect(await report(asked.slice(0, 7))).toMatchObject({Status: 'Success', Failures: []});
    expect(await report(asked)).toMatchObject({
      Status: 'Failure',
      Failures: [expect.objectContaining({SOPInstanceUID: '1.2.3.999'})],
    });
  });
});
