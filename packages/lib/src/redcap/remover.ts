import {listParameters, maxVariables, type Parameter} from './form.ts';
import type {RemoveOptions} from './redcap.ts';
import {RedcapError} from './redcapError.ts';
import {sameRecordKey} from './row.ts';
import type {Server} from './server.ts';

/**
 * Deletes records, or parts of them. When the first answer was lost and the repetition says that exactly these records do not exist,
 * the first one was carried out.
 * @returns how many records were touched
 * @throws RedcapError
 */
export async function removeRecords(server: Server, names: readonly string[], options: RemoveOptions): Promise<number> {
  const parts: Parameter[] = [
    ...(options.arm === undefined ? [] : [['arm', options.arm] as const]),
    ...(options.event === undefined ? [] : [['event', options.event] as const]),
    ...(options.form === undefined ? [] : [['instrument', options.form] as const]),
    ...(options.instance === undefined ? [] : [['repeat_instance', String(options.instance)] as const]),
  ];
  const most = maxVariables - 20;
  let touched = 0;
  for (let start = 0; start < names.length; start += most)
    touched += await removeSome(server, names.slice(start, start + most), parts);
  return touched;
}

async function removeSome(server: Server, names: readonly string[], parts: readonly Parameter[]): Promise<number> {
  try {
    const answer = await server.call({
      content: 'record',
      parameters: [['action', 'delete'], ...listParameters('records', names), ...parts],
      expected: 'json',
      changes: true,
      repeatable: true,
    });
    const touched = Number(answer);
    if (Number.isInteger(touched)) return touched;
    throw server.error({
      kind: 'malformed',
      message: 'the number of deleted records is no number',
      content: 'record',
      changes: true,
      mayHaveHappened: true,
    });
  } catch (error) {
    if (
      error instanceof RedcapError &&
      error.kind === 'rejected' &&
      error.attempts > 1 &&
      namesExactly(error.serverText ?? '', names)
    ) {
      return names.length;
    }
    throw error;
  }
}

function namesExactly(text: string, names: readonly string[]): boolean {
  const listed = /do not exist: (.*)$/s.exec(text)?.[1];
  if (listed === undefined) return false;
  const missing = new Set(listed.split(',').map(sameRecordKey));
  // names may hold commas themselves
  const ours = new Set(names.flatMap(name => name.split(',')).map(sameRecordKey));
  return missing.size === ours.size && [...ours].every(name => missing.has(name));
}
