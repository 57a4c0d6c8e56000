import {once} from 'node:events';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {background, freePort, listening, onCleanup, peerAt, temporaryFolder} from './helpers.ts';

/** Orthanc in a folder of its own that knows these modalities. */
export async function runningOrthanc(modalities: Record<string, number> = {}, more: object = {}) {
  const folder = temporaryFolder();
  const [http, dicom] = [await freePort(), await freePort()];
  const configuration = {
    StorageDirectory: join(folder, 'storage'),
    IndexDirectory: join(folder, 'index'),
    HttpPort: http,
    DicomPort: dicom,
    DicomAet: 'ORTHANC',
    RemoteAccessAllowed: false,
    AuthenticationEnabled: false,
    DicomAlwaysAllowGet: true,
    DicomAlwaysAllowMove: true,
    DicomAlwaysAllowFind: true,
    DicomCheckCalledAet: false,
    UnknownSopClassAccepted: true,
    StorageCompression: false,
    Plugins: [],
    ...more,
    DicomModalities: Object.fromEntries(
      Object.entries(modalities).map(([name, port]) => [name, [name, '127.0.0.1', port]]),
    ),
  };
  writeFileSync(join(folder, 'orthanc.json'), JSON.stringify(configuration));
  const child = background('/usr/sbin/Orthanc', [join(folder, 'orthanc.json')]);
  onCleanup(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  });
  await listening(dicom);
  const api = async (path: string, body?: unknown): Promise<Response> => {
    const response = await fetch(
      `http://127.0.0.1:${http}${path}`,
      body === undefined ? {} : {method: 'POST', body: JSON.stringify(body)},
    );
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  return {peer: peerAt(dicom, {aeTitle: 'ORTHANC', callingAeTitle: 'OURS'}), api};
}
