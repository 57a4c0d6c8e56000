import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {connect, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterEach} from 'vitest';
import {silentLog} from '../../src/cli/log.ts';
import {explicitLittleEndian, implicitLittleEndian, transferSyntaxUid} from '../../src/dicom/transferSyntax.ts';
import {encodeDataSet, part10Header, textElement} from '../../src/dicom/write.ts';
import {createPartTenFile} from '../../src/dimse/partTenFile.ts';
import type {Peer} from '../../src/dimse/peer.ts';
import {type Receiver, type ReceiverOptions, startReceiver} from '../../src/dimse/receiver.ts';
import type {AssociationEnd, IncomingInstance, StoreHandler} from '../../src/dimse/services.ts';

const cleanups: (() => unknown)[] = [];

/** Undone after the test, last first. */
export function onCleanup(undo: () => unknown): void {
  cleanups.push(undo);
}

afterEach(async () => {
  while (cleanups.length > 0) await cleanups.pop()?.();
});

export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'dimse-'));
  onCleanup(() => rmSync(path, {recursive: true, force: true}));
  return path;
}

export const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';
export const {explicitLittleEndian: explicitUid, implicitLittleEndian: implicitUid} = transferSyntaxUid;

export interface SampleOptions {
  sopClassUid?: string;
  sopInstanceUid?: string;
  transferSyntaxUid?: string;
  studyUid?: string;
  seriesUid?: string;
  patientId?: string;
  /** Bytes of (7FE0,0010). */
  pixelBytes?: number;
  /** More elements, as text. */
  extra?: [number, 'LO' | 'PN' | 'DA' | 'CS' | 'IS' | 'SH' | 'TM', string][];
}

let counter = 0;

/** Writes a small Part 10 file; UIDs are new unless given. */
export function writeSample(path: string, options: SampleOptions = {}): {path: string; sopInstanceUid: string} {
  const sopClassUid = options.sopClassUid ?? ctImageStorage;
  const sopInstanceUid = options.sopInstanceUid ?? `1.2.3.${process.pid}.${++counter}`;
  const syntax = options.transferSyntaxUid ?? explicitUid;
  const pixels = Buffer.alloc(options.pixelBytes ?? 1000);
  for (let at = 0; at < pixels.length; at++) pixels[at] = (at * 31 + counter) & 0xff;
  const dataSet = encodeDataSet(
    [
      textElement(0x00080016, 'UI', sopClassUid),
      textElement(0x00080018, 'UI', sopInstanceUid),
      textElement(0x00100020, 'LO', options.patientId ?? 'P1'),
      textElement(0x0020000d, 'UI', options.studyUid ?? '1.2.3.1'),
      textElement(0x0020000e, 'UI', options.seriesUid ?? '1.2.3.1.1'),
      ...(options.extra ?? []).map(([tag, vr, value]) => textElement(tag, vr, value)),
      {tag: 0x7fe00010, vr: 'OW' as const, value: pixels},
    ].sort((one, other) => one.tag - other.tag),
    syntax === implicitUid ? implicitLittleEndian : explicitLittleEndian,
  );
  writeFileSync(path, Buffer.concat([part10Header({sopClassUid, sopInstanceUid, transferSyntaxUid: syntax}), dataSet]));
  return {path, sopInstanceUid};
}

/** `count` samples in a folder of their own. */
export function writeSamples(count: number, options: SampleOptions = {}): {path: string; sopInstanceUid: string}[] {
  const folder = temporaryFolder();
  return Array.from({length: count}, (_, index) => writeSample(join(folder, `${index}.dcm`), options));
}

/** The data set bytes of a Part 10 file. */
export function dataSetBytes(path: string): Buffer {
  const bytes = readFileSync(path);
  return bytes.subarray(144 + bytes.readUInt32LE(140));
}

/** Keeps each instance as `folder/<SOPInstanceUID>`, preamble and meta information included. */
export function folderStore(folder: string, received: IncomingInstance[] = []): StoreHandler {
  return {
    begin(instance) {
      const temporary = join(folder, `.${instance.sopInstanceUid}.${++counter}.tmp`);
      const file = createPartTenFile(temporary, part10Header(instance));
      return {
        write: chunk => file.write(chunk),
        async finish() {
          await file.finish({durable: false});
          renameSync(temporary, join(folder, instance.sopInstanceUid));
          received.push(instance);
          return {status: 0};
        },
        abort: () => file.discard(),
      };
    },
  };
}

export interface RunningReceiver {
  receiver: Receiver;
  folder: string;
  received: IncomingInstance[];
  ends: AssociationEnd[];
  peer: Peer;
  files(): string[];
}

/** A receiver on a free port that stores into a folder. */
export async function runningReceiver(options: Partial<ReceiverOptions> = {}): Promise<RunningReceiver> {
  const folder = temporaryFolder();
  const received: IncomingInstance[] = [];
  const ends: AssociationEnd[] = [];
  const receiver = await startReceiver({
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    ...options,
    services: {store: folderStore(folder, received), closed: (_, end) => ends.push(end), ...options.services},
  });
  onCleanup(() => receiver.close(0));
  return {
    receiver,
    folder,
    received,
    ends,
    peer: peerAt(receiver.port),
    files: () => readdirSync(folder).sort(),
  };
}

export function peerAt(port: number, more: Partial<Peer> = {}): Peer {
  return {host: '127.0.0.1', port, aeTitle: 'RECEIVER', callingAeTitle: 'SENDER', ...more};
}

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Resolves when the condition holds; fails the test when it does not within the time. */
export async function eventually(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`still not so after ${timeoutMs} ms: ${condition}`);
    await sleep(20);
  }
}

/** Resolves when something listens on the port. */
export async function listening(port: number): Promise<void> {
  await eventually(async () => {
    const socket = connect(port, '127.0.0.1');
    const ok = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
      once(socket, 'error').then(() => false),
    ]);
    socket.on('error', () => {}).destroy();
    return ok;
  }, 20_000);
}

/** Tuned as a fair DCMTK should be. */
export const dcmtkEnvironment = {...process.env, TCP_NODELAY: '1', TCP_BUFFER_LENGTH: '131072'};

export interface Finished {
  code: number | null;
  output: string;
}

/** Runs a program to its end. */
export async function run(program: string, args: string[]): Promise<Finished> {
  const child = spawn(program, args, {env: dcmtkEnvironment, stdio: ['ignore', 'pipe', 'pipe']});
  let output = '';
  child.stdout.on('data', text => (output += text));
  child.stderr.on('data', text => (output += text));
  const [code] = await once(child, 'close');
  return {code, output};
}

/** A server program, stopped after the test. */
export function background(program: string, args: string[], options: {cwd?: string} = {}): ChildProcess {
  const child = spawn(program, args, {env: dcmtkEnvironment, stdio: 'ignore', ...options});
  onCleanup(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

/** A raw connection that collects what comes. */
export async function rawConnection(
  port: number,
): Promise<{socket: Socket; received(): Buffer; closed: Promise<void>}> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk as Buffer));
  socket.on('error', () => {});
  const closed = new Promise<void>(resolve => socket.on('close', () => resolve()));
  await once(socket, 'connect');
  onCleanup(() => socket.destroy());
  return {socket, received: () => Buffer.concat(chunks), closed};
}
