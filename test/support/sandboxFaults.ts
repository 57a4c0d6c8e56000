import {parseFault} from '@fiona/sandbox/faults/faultFormat';
import {FaultQueue} from '@fiona/sandbox/faults/faultQueue';
import {openDatabase} from '@fiona/sandbox/store/database';

/** Queues faults in the folder of a sandbox, as `sandbox fault` does, without the start of another process. */
export function queueFaults(dir: string, faults: readonly unknown[]): void {
  const database = openDatabase(dir);
  try {
    for (const one of faults) {
      const parsed = parseFault(one);
      if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
      new FaultQueue(database).add(parsed.fault);
    }
  } finally {
    database.close();
  }
}

/** Takes back all faults. */
export function clearFaults(dir: string): void {
  const database = openDatabase(dir);
  new FaultQueue(database).clear();
  database.close();
}
