import {once} from 'node:events';
import {readdirSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {silentLog} from '../../../src/cli/log.ts';
import {commandField} from '../../../src/dimse/commandSet.ts';
import type {DimseError} from '../../../src/dimse/dimseError.ts';
import {PduReader} from '../../../src/dimse/pduReader.ts';
import {type Receiver, startReceiver} from '../../../src/dimse/receiver.ts';
import {type OpenAssociation, openAssociation} from '../../../src/dimse/requestor.ts';
import type {IncomingInstance, StoreSink} from '../../../src/dimse/services.ts';
import {Random} from './random.ts';
import {type PlainMessage, plainMessages} from './reference.ts';
import {honest, hostile, sopClass} from './streams.ts';

export interface Campaign {
  streams: number;
  seed: number;
  /** Told now and then how many streams are done and what the process holds. */
  progress?: (done: number, held: Held) => void;
}

/** What a process may not have more of after a hundred thousand streams than after the first. */
export interface Held {
  bytes: number;
  descriptors: number;
}

export interface CampaignResult {
  /** Instances the receiver stored, each one compared with what was sent. */
  stored: number;
  /** Instances that were begun and given up. */
  dropped: number;
  /** What was wrong, one line each; the number is that of the stream. */
  faults: string[];
  /** After a tenth of the streams, and at the end. */
  heldEarly: Held;
  heldLate: Held;
  /** Longest life of a connection, those left open by us included. */
  slowestMs: number;
  /** Associations that nobody disturbed, and were served all the time. */
  undisturbed: number;
}

const together = 64;
const timeouts = {idleTimeoutMs: 1500, artimTimeoutMs: 500, responseTimeoutMs: 1500};
/** Nothing may live longer than the longest of the timeouts and a generous delay of a busy machine. */
const hangMs = 20_000;

/** Streams whose contents are kept for comparison: the receiver may still store when their sender is gone. */
const remembered = 500;

/** Sends streams of bytes to a receiver of this process, many at a time, while an honest association goes on beside them. */
export async function attackReceiver({streams, seed, progress}: Campaign): Promise<CampaignResult> {
  const attack = new Attack(seed);
  const receiver = await startReceiver({
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    ...timeouts,
    services: {store: {begin: instance => attack.begin(instance)}},
  });
  const neighbour = await Neighbour.open(receiver);
  let next = 0;
  let early: Held | undefined;
  const step = Math.max(1, Math.floor(streams / 10));
  const worker = async () => {
    while (next < streams) {
      const number = next++;
      await attack.send(receiver.port, number);
      if (number % 100 === 0) await neighbour.visit();
      if (number % step === step - 1) {
        const now = held();
        early ??= now;
        progress?.(number + 1, now);
      }
    }
  };
  await Promise.all(Array.from({length: together}, worker));
  await attack.allClosed();
  await neighbour.leave();
  await receiver.close(1000);
  const late = held();
  attack.compareAll();
  if (receiver.openAssociations !== 0) attack.faults.push(`${receiver.openAssociations} associations are still open`);
  const {stored, dropped, faults, slowestMs} = attack;
  return {stored, dropped, faults, heldEarly: early ?? late, heldLate: late, slowestMs, undisturbed: neighbour.visits};
}

/** The garbage collector, also when it is not exposed on the command line. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

export function held(): Held {
  collectGarbage();
  const {heapUsed, external} = process.memoryUsage();
  return {bytes: heapUsed + external, descriptors: readdirSync('/proc/self/fd').length};
}

/** One association that behaves and wants to notice nothing. */
class Neighbour {
  visits = 0;
  #association: OpenAssociation['association'];

  static async open(receiver: Receiver): Promise<Neighbour> {
    const peer = {host: '127.0.0.1', port: receiver.port, aeTitle: 'FIONA', callingAeTitle: 'NEIGHBOUR'};
    const contexts = [{abstractSyntax: sopClass, transferSyntaxes: ['1.2.840.10008.1.2.1']}];
    return new Neighbour((await openAssociation({peer, contexts})).association);
  }

  constructor(association: OpenAssociation['association']) {
    this.#association = association;
  }

  /** Throws when the receiver does not store as it should. */
  async visit(): Promise<void> {
    const messageId = this.#association.newMessageId();
    const answer = await this.#association.call(
      1,
      {
        commandField: commandField.storeRequest,
        affectedSopClassUid: sopClass,
        messageId,
        priority: 0,
        hasDataSet: true,
        affectedSopInstanceUid: `1.2.3.${messageId}`,
      },
      Buffer.alloc(1000),
    );
    if (answer.status !== 0) throw new Error(`the neighbour was answered ${answer.status}`);
    this.visits++;
  }

  async leave(): Promise<void> {
    await this.#association.release();
  }
}

class Attack {
  stored = 0;
  dropped = 0;
  slowestMs = 0;
  readonly faults: string[] = [];
  #seed: number;
  #sinkRandom: Random;
  #sent = new Map<number, {number: number; messages: PlainMessage[]}>();
  #ports: number[] = [];
  #lingering = new Set<Promise<void>>();
  #open = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#sinkRandom = new Random(seed ^ 0x5eed);
  }

  /** Sends one stream; resolves when the connection is over, or was left open on purpose. */
  async send(port: number, number: number): Promise<void> {
    const random = new Random(this.#seed + number);
    const {entry, rest, isHonestEntry} = hostile(random, honest);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    const {localPort = 0} = socket;
    this.#sent.delete(this.#ports[number % remembered] ?? 0);
    this.#ports[number % remembered] = localPort;
    this.#sent.set(localPort, {number, messages: plainMessages(Buffer.concat([entry, rest]))});
    const over = this.#watch(socket, number);
    socket.write(entry);
    // Data before the answer are out of place: most streams wait for it, as long as one may come.
    if (!random.chance(20))
      await Promise.race([
        once(socket, 'data').catch(() => {}),
        over,
        sleep(isHonestEntry ? hangMs : 20, undefined, {ref: false}),
      ]);
    const cut = random.chance(4) ? random.below(rest.length + 1) : rest.length;
    socket.write(rest.subarray(0, cut));
    if (cut < rest.length) await new Promise(resolve => setImmediate(resolve));
    if (random.chance(60)) {
      // Left as it is: the receiver has to end it.
      socket.write(rest.subarray(cut));
      const lingering = over.finally(() => this.#lingering.delete(lingering));
      this.#lingering.add(lingering);
      return;
    }
    if (random.chance(20)) socket.write(rest.subarray(cut), () => socket.destroy());
    else socket.end(rest.subarray(cut));
    await over;
  }

  async allClosed(): Promise<void> {
    await Promise.all(this.#lingering);
  }

  compareAll(): void {
    if (this.#open !== 0) this.faults.push(`${this.#open} sinks were neither finished nor aborted`);
  }

  #watch(socket: Socket, number: number): Promise<void> {
    const began = performance.now();
    const reader = new PduReader();
    socket.on('data', chunk => {
      reader.feed(chunk as Buffer);
      try {
        while (reader.next()) {
          // Whatever the receiver answers must be PDUs.
        }
      } catch (error) {
        this.faults.push(`stream ${number}: the answer is no PDU: ${(error as DimseError).message}`);
      }
    });
    return new Promise(resolve => {
      const hang = setTimeout(() => {
        this.faults.push(`stream ${number}: still open after ${hangMs} ms`);
        socket.destroy();
      }, hangMs);
      socket.on('close', () => {
        clearTimeout(hang);
        this.slowestMs = Math.max(this.slowestMs, performance.now() - began);
        resolve();
      });
    });
  }

  /** A sink that is sometimes slow and sometimes fails, and remembers what it was given. */
  begin(instance: IncomingInstance): StoreSink {
    const {callingAeTitle, port} = instance.association;
    const isNeighbour = callingAeTitle === 'NEIGHBOUR';
    const sent = this.#sent.get(port);
    const random = this.#sinkRandom;
    const chunks: Buffer[] = [];
    let state: 'open' | 'finished' | 'aborted' = 'open';
    this.#open++;
    const leave = (how: 'finished' | 'aborted') => {
      if (state === 'open') this.#open--;
      if (state !== 'open' && how !== 'aborted')
        this.faults.push(`stream ${sent?.number}: a sink was ${state}, then ${how}`);
      state = how;
    };
    const isMoody = !isNeighbour && random.chance(3);
    return {
      write: chunk => {
        if (state !== 'open') this.faults.push(`stream ${sent?.number}: written to a sink that was ${state}`);
        chunks.push(chunk);
        if (isMoody && random.chance(40)) throw new Error('no more');
        return isMoody && random.chance(2) ? new Promise(resolve => setImmediate(resolve)) : undefined;
      },
      finish: async () => {
        leave('finished');
        if (isMoody) await new Promise(resolve => setImmediate(resolve));
        if (!isNeighbour && sent) this.#compare(sent, instance, Buffer.concat(chunks));
        return {status: 0};
      },
      abort: () => {
        this.dropped++;
        leave('aborted');
      },
    };
  }

  /** What was stored must have been sent like that, in one message, under that UID. */
  #compare(sent: {number: number; messages: PlainMessage[]}, instance: IncomingInstance, bytes: Buffer): void {
    this.stored++;
    const wasSent = sent.messages.some(({command, dataSet}) => {
      const uid =
        command
          .get(0x1000)
          ?.toString('latin1')
          .replace(/^ +|[\0 ]+$/g, '') ?? '';
      return uid === instance.sopInstanceUid && dataSet.equals(bytes);
    });
    if (!wasSent) this.faults.push(`stream ${sent.number}: stored ${bytes.length} bytes that were not sent like that`);
  }
}
