import {readdir, readFile, readlink} from 'node:fs/promises';

/** The process that listens on a TCP port, as far as /proc lets us see. */
export interface PortOwner {
  /** Undefined when the listener belongs to an account whose processes we may not look into. */
  readonly pid: number | undefined;
  readonly command: string;
}

const listening = '0A';

/** Who listens on this TCP port of the host (any address, IPv4 or IPv6); undefined when nobody does. */
export async function portOwner(port: number): Promise<PortOwner | undefined> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map(path => readFile(path, 'utf8').catch(() => '')),
  );
  const inodes = tables
    .flatMap(table => table.split('\n').slice(1))
    .map(line => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listening && Number.parseInt(local?.split(':')[1] ?? '', 16) === port)
    .map(fields => fields[9]);
  if (inodes.length === 0) return undefined;
  const sockets = new Set(inodes.map(inode => `socket:[${inode}]`));
  for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    if (await holdsSocket(pid, sockets)) return {pid: Number(pid), command: await commandOf(pid)};
  }
  return {pid: undefined, command: 'unknown program of another account'};
}

async function holdsSocket(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(names.map(name => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return targets.some(target => sockets.has(target));
}

async function commandOf(pid: string): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
}
