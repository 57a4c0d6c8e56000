import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {echo} from '@fiona/lib/dimse/echoScu';
import {freePort} from './receiverSite.ts';

/** Orthanc as a research PACS, in a process and folder of its own. */
export interface RunningOrthanc {
  readonly process: ChildProcess;
  readonly aeTitle: string;
  readonly port: number;
  /** Where it keeps what it stored. */
  readonly storage: string;
  /** The DICOM files of all instances it holds. */
  instances(): Promise<Buffer[]>;
  /** How many it holds. */
  count(): Promise<number>;
  /** Removes all of them. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts Orthanc; resolves when it answers C-ECHO. */
export async function startOrthanc(): Promise<RunningOrthanc> {
  const folder = mkdtempSync(join(tmpdir(), 'fiona-orthanc-'));
  const [http, port] = [await freePort(), await freePort()];
  const storage = join(folder, 'storage');
  const configuration = join(folder, 'orthanc.json');
  writeFileSync(
    configuration,
    JSON.stringify({
      StorageDirectory: storage,
      IndexDirectory: join(folder, 'index'),
      HttpPort: http,
      DicomPort: port,
      DicomAet: 'ORTHANC',
      DicomCheckCalledAet: false,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      UnknownSopClassAccepted: true,
      StorageCompression: false,
      Plugins: [],
    }),
  );
  const child = spawn('/usr/sbin/Orthanc', [configuration], {
    stdio: 'ignore',
    env: {...process.env, TCP_NODELAY: '1', TCP_BUFFER_LENGTH: '131072'},
  });
  await answers(child, port);
  const api = (path: string, method = 'GET'): Promise<Response> => fetch(`http://127.0.0.1:${http}${path}`, {method});
  return {
    process: child,
    aeTitle: 'ORTHANC',
    port,
    storage,
    async instances() {
      const ids = (await (await api('/instances')).json()) as string[];
      const files: Buffer[] = [];
      for (const id of ids) files.push(Buffer.from(await (await api(`/instances/${id}/file`)).arrayBuffer()));
      return files;
    },
    async count() {
      const {CountInstances} = (await (await api('/statistics')).json()) as {CountInstances: number};
      return CountInstances;
    },
    async empty() {
      for (const id of (await (await api('/patients')).json()) as string[]) await api(`/patients/${id}`, 'DELETE');
    },
    async stop() {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      rmSync(folder, {recursive: true, force: true});
    },
  };
}

async function answers(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Orthanc ended with ${child.exitCode}`);
    const alive = await echo({host: '127.0.0.1', port, aeTitle: 'ORTHANC', callingAeTitle: 'TEST'}).catch(
      () => undefined,
    );
    if (alive !== undefined) return;
    if (Date.now() > deadline) throw new Error('Orthanc does not answer');
  }
}
