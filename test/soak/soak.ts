import {setTimeout as sleep} from 'node:timers/promises';
import {type Gateway, makeGateway, startIndexer, startReceiver} from '../bench/gateway.ts';
import {type Instances, writeInstances} from '../bench/instances.ts';
import {Workspace} from '../bench/workspace.ts';
import {type Account, Ledger} from './ledger.ts';
import {type Growth, growthProblems, Samples} from './samples.ts';
import {type Sender, type Sending, type Sent, senders} from './senders.ts';

/** What came of a soak. */
export interface SoakReport extends Account {
  readonly studies: Readonly<Record<string, number>>;
  readonly growth: readonly Growth[];
}

const sampleMs = 500;
/** Of a sender that is gone nothing more comes after that: what had arrived is answered to nobody, but kept. */
const settleMs = 2000;
const tellMs = 30_000;
/** Studies of a kind that wait for their account. */
const mostOpen = 4;
const instancesOfStudy = 40;
const sizes = [32, 64, 128, 256];

/**
 * Receiver and index daemon as installed, with all kinds of senders in loops for some time. In the end every number of the account
 * must be the same, and the daemons as large as before.
 */
export async function soak(seconds: number, tell: (line: string) => void = () => {}): Promise<SoakReport> {
  const workspace = new Workspace();
  const gateway = await makeGateway(workspace, 'soak');
  const receiver = await startReceiver(workspace, gateway);
  const indexer = startIndexer(workspace, gateway);
  const run = new Run(workspace, gateway);
  await run.warmUp();
  const samples = [new Samples('storectl', receiver.pid), new Samples('processSingleFile3', indexer.pid)];
  await Promise.all([run.load(seconds), sample(samples, seconds, tell)]);
  await Promise.all(samples.map(each => each.idleAgain()));
  const growth = samples.map(each => each.growth());
  for (const daemon of [receiver, indexer]) await daemon.stop();
  const account = await run.ledger.total();
  workspace.remove(workspace.dir);
  return {...account, studies: run.studies, growth, problems: [...account.problems, ...growth.flatMap(growthProblems)]};
}

class Run {
  readonly ledger: Ledger;
  readonly studies: Record<string, number> = {};
  readonly #workspace: Workspace;
  readonly #gateway: Gateway;
  #last = 100_000;

  constructor(workspace: Workspace, gateway: Gateway) {
    this.#workspace = workspace;
    this.#gateway = gateway;
    this.ledger = new Ledger(workspace, gateway);
  }

  /** Every kind of sender in a loop of its own, at least once; resolves when all studies are accounted for. */
  async load(seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000;
    const loop = async (kind: string, send: Sender): Promise<void> => {
      const accounts: Promise<void>[] = [];
      do {
        // few studies wait for their account at a time, or the disk would fill up
        if (accounts.length >= mostOpen) await accounts.shift();
        const instances = this.#write(kind);
        accounts.push(this.#account(instances, await send(instances, this.#sending)));
      } while (performance.now() < end);
      await Promise.all(accounts);
    };
    await Promise.all(Object.entries(senders).map(([kind, send]) => loop(kind, send)));
  }

  /** One study of every kind: what a daemon opens once and keeps is open then. */
  warmUp(): Promise<void> {
    return this.load(0);
  }

  get #sending(): Sending {
    return {workspace: this.#workspace, port: this.#gateway.port};
  }

  #write(kind: string): Instances {
    this.studies[kind] = (this.studies[kind] ?? 0) + 1;
    this.#last += 1;
    const folder = this.#workspace.path('sent', String(this.#last));
    const size = sizes[this.#last % sizes.length] ?? 64;
    const nameOf = (sopInstanceUid: string) => sopInstanceUid;
    return writeInstances(folder, {count: instancesOfStudy, size, study: this.#last, nameOf, sync: false});
  }

  async #account(instances: Instances, sent: Sent): Promise<void> {
    await sleep(settleMs);
    await this.ledger.close(instances, sent);
  }
}

async function sample(samples: readonly Samples[], seconds: number, tell: (line: string) => void): Promise<void> {
  const count = Math.ceil((seconds * 1000) / sampleMs);
  for (let taken = 0; taken < count; taken++) {
    await sleep(sampleMs);
    for (const each of samples) each.take();
    if (taken % (tellMs / sampleMs) === 0) tell(samples.map(each => each.now()).join(', '));
  }
}
