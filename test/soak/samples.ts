import {readdirSync, readFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {showBytes} from '../bench/memory.ts';
import {median} from '../bench/timing.ts';

/** Growth that is none: a heap that breathes. */
const breathing = 16e6;
/** More than an association may be idle. */
const longestIdle = 20_000;

/** Resident memory (bytes) of a running process. */
export function residentMemory(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** Descriptors that a running process has open. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** What a daemon took in the course of a run. */
export class Samples {
  readonly name: string;
  readonly #pid: number;
  readonly #memory: number[] = [];
  readonly #idle: number;

  /** @param pid a process that is idle just now, but has worked before */
  constructor(name: string, pid: number) {
    this.name = name;
    this.#pid = pid;
    this.#idle = openDescriptors(pid);
  }

  take(): void {
    this.#memory.push(residentMemory(this.#pid));
  }

  /** One line for who watches. */
  now(): string {
    return `${this.name} ${showBytes(this.#memory.at(-1) ?? 0)}, ${openDescriptors(this.#pid)} descriptors`;
  }

  /** Waits until the daemon has closed what it had open for others; those that never end show in {@link growth}. */
  async idleAgain(): Promise<void> {
    const deadline = performance.now() + longestIdle;
    while (openDescriptors(this.#pid) > this.#idle && performance.now() < deadline) await sleep(100);
  }

  growth(): Growth {
    const third = Math.ceil(this.#memory.length / 3);
    return {
      name: this.name,
      memory: [0, 1, 2].map(part => median(this.#memory.slice(part * third, (part + 1) * third))),
      descriptors: [this.#idle, openDescriptors(this.#pid)],
    };
  }
}

export interface Growth {
  readonly name: string;
  /** Median resident memory (bytes) in the three thirds of the run. */
  readonly memory: readonly number[];
  /** Open descriptors of the idle daemon before and after. */
  readonly descriptors: readonly number[];
}

/**
 * What has grown that must not: more memory in the last third of the run than a tenth above that of the second one (and more than
 * a heap breathes), or descriptors that stayed open.
 */
export function growthProblems({name, memory, descriptors}: Growth): string[] {
  const [, second = 0, last = 0] = memory;
  const [before = 0, after = 0] = descriptors;
  return [
    ...(last > second + Math.max(second / 10, breathing)
      ? [`${name}: memory grew from ${second} to ${last} bytes`]
      : []),
    ...(after > before ? [`${name}: ${after} descriptors are open, there were ${before}`] : []),
  ];
}
