import {readdir, readFile, readlink} from 'node:fs/promises';

/** The process that listens on a TCP port, as far as /proc lets us see. */
export interface PortOwner {
  /** Undefined when the listener belongs to an account whose processes we may not look into. */
  readonly pid: number | undefined;
  readonly command: string;
}

/** What a process serves. */
export interface ServedPorts {
  /** TCP ports it listens on, ascending. */
  readonly listening: readonly number[];
  /** Connections it has taken on them and not closed. */
  readonly connections: number;
}

interface TcpSocket {
  /** As the links in `/proc/<pid>/fd` name it. */
  readonly name: string;
  readonly port: number;
  readonly state: string;
}

/** Values of the column `st` in `/proc/net/tcp`. */
const established = '01';
const closeWait = '08';
const listening = '0A';

/** Who listens on this TCP port of the host (any address, IPv4 or IPv6); undefined when nobody does. */
export async function portOwner(port: number): Promise<PortOwner | undefined> {
  const sockets = (await tcpSockets()).filter(socket => socket.state === listening && socket.port === port);
  if (sockets.length === 0) return undefined;
  const names = new Set(sockets.map(({name}) => name));
  for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    if ((await openFiles(pid)).some(target => names.has(target))) {
      return {pid: Number(pid), command: await commandOf(pid)};
    }
  }
  return {pid: undefined, command: 'a program of another account'};
}

/** `storescp (pid 123)`, for messages. */
export function describeOwner({pid, command}: PortOwner): string {
  return pid === undefined ? command : `${command} (pid ${pid})`;
}

/** The TCP ports a process listens on and the connections it has on them; nothing for a process that is gone or not ours to see. */
export async function servedPorts(pid: number): Promise<ServedPorts> {
  const files = new Set(await openFiles(String(pid)));
  const own = (await tcpSockets()).filter(({name}) => files.has(name));
  const ports = new Set(own.filter(({state}) => state === listening).map(({port}) => port));
  const taken = own.filter(({port, state}) => ports.has(port) && (state === established || state === closeWait));
  return {listening: [...ports].sort((a, b) => a - b), connections: taken.length};
}

async function tcpSockets(): Promise<TcpSocket[]> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map(path => readFile(path, 'utf8').catch(() => '')),
  );
  return tables
    .flatMap(table => table.split('\n').slice(1))
    .map(line => line.trim().split(/\s+/))
    .map(([, local = '', , state = '', , , , , , inode = '']) => ({
      name: `socket:[${inode}]`,
      port: Number.parseInt(local.split(':')[1] ?? '', 16),
      state,
    }));
}

async function openFiles(pid: string): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  return Promise.all(names.map(name => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
}

async function commandOf(pid: string): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
}
