import {parseFault} from '../faults/faultFormat.ts';
import {FaultQueue} from '../faults/faultQueue.ts';
import {LoadError} from '../project/loadError.ts';
import {transaction} from '../store/database.ts';
import {parseJson, readJsonInput} from './input.ts';
import {openFolder} from './open.ts';

/**
 * `sandbox fault`: queues one fault, or a list of them; `-` reads stdin.
 * @throws LoadError when one is not understood: then none is queued
 */
export function fault(json: string, options: {dir: string}): void {
  const value = json === '-' ? readJsonInput('-') : parseJson(json, 'the fault');
  const parsed = (Array.isArray(value) ? value : [value]).map(parseFault);
  const problems = parsed.flatMap(result => ('problems' in result ? result.problems : []));
  if (problems.length > 0) throw new LoadError('the fault', problems);
  const database = openFolder(options.dir);
  const queue = new FaultQueue(database);
  transaction(database, () => {
    for (const result of parsed) if ('fault' in result) queue.add(result.fault);
  });
  database.close();
}

/** `sandbox faults`: prints the queued faults as JSON, or removes them. */
export function faults(options: {dir: string; clear?: boolean | undefined}): void {
  const database = openFolder(options.dir);
  const queue = new FaultQueue(database);
  if (options.clear) queue.clear();
  else process.stdout.write(`${JSON.stringify(queue.list())}\n`);
  database.close();
}
