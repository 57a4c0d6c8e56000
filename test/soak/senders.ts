import {once} from 'node:events';
import {connect} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {silentLog} from '@fiona/lib/cli/log';
import {storeInstances} from '@fiona/lib/dimse/storeScu';
import type {Instances} from '../bench/instances.ts';
import type {Workspace} from '../bench/workspace.ts';

/** What a sender knows in the end. */
export interface Sent {
  /** Paths of the instances that were answered with success, as far as it came to hear of it. */
  readonly answered: ReadonlySet<string>;
  /** True when it was not disturbed: everything must be stored. */
  readonly whole: boolean;
}

/** Where and from where instances are sent. */
export interface Sending {
  readonly workspace: Workspace;
  readonly port: number;
}

export type Sender = (instances: Instances, sending: Sending) => Promise<Sent>;

const associations = 4;
/** A disturbed sender is stopped after at most so long, in the middle of its instances. */
const longestPeace = 150;

async function ours({paths}: Instances, {port}: Sending, signal?: AbortSignal): Promise<Set<string>> {
  const answered = new Set<string>();
  await storeInstances({
    peer: {host: '127.0.0.1', port, aeTitle: 'FIONA', callingAeTitle: 'SOAK'},
    instances: paths.map(path => ({path})),
    associations,
    log: silentLog,
    signal,
    onResult: ({instance, kind}) => kind === 'stored' && answered.add(instance.path),
  });
  return answered;
}

function storescu({folder}: Instances, {workspace, port}: Sending) {
  return workspace.start('storescu', ['+sd', '127.0.0.1', String(port), folder], {TCP_NODELAY: '1'});
}

/** Senders as a hospital has them: good ones, and those that are cut off, killed or no senders at all. */
export const senders: Record<string, Sender> = {
  async ours(instances, sending) {
    return {answered: await ours(instances, sending), whole: true};
  },
  async storescu(instances, sending) {
    const [code] = (await once(storescu(instances, sending), 'exit')) as [number | null];
    if (code !== 0) throw new Error(`storescu ended with ${code}`);
    return {answered: new Set(instances.paths), whole: true};
  },
  async oursAborted(instances, sending) {
    const signal = AbortSignal.timeout(1 + Math.floor(Math.random() * longestPeace));
    return {answered: await ours(instances, sending, signal), whole: false};
  },
  async storescuKilled(instances, sending) {
    const child = storescu(instances, sending);
    const exit = once(child, 'exit');
    await Promise.race([sleep(Math.random() * longestPeace), exit]);
    child.kill('SIGKILL');
    const [code] = (await exit) as [number | null];
    return {answered: new Set(code === 0 ? instances.paths : []), whole: false};
  },
  async scanner(_, {port}) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    socket.write(Buffer.from(crypto.getRandomValues(new Uint8Array(200))));
    await sleep(Math.random() * longestPeace);
    socket.destroy();
    return {answered: new Set(), whole: false};
  },
};
