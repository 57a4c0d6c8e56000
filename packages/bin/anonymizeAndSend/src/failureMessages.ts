import {formatRequest, type TransferRequest} from '@fiona/lib/transfers/request';
import type {Retry} from '@fiona/lib/transfers/retry';
import type {FailureFacts, ProgramFacts} from './outcome.ts';

const mostLines = 50;
const mostCharacters = 10_000;

/** What is to be known of a transfer: the content of `_fail_messages.log`, as a JSON object. */
export type FailureMessages = Record<string, unknown>;

/**
 * The failure messages of a transfer. They hold the pseudonym and no other identifier: a name that is none (it may be a patient's) is
 * left out.
 * @param hideName leaves the name out
 */
export function failureMessages(
  request: TransferRequest,
  error: string | undefined,
  {note, anonymize, storescu, instances}: FailureFacts,
  {retry, hideName = false}: {readonly retry?: Retry | undefined; readonly hideName?: boolean} = {},
): FailureMessages {
  return {
    request: JSON.parse(formatRequest(hideName ? {...request, name: ''} : request)) as unknown,
    ...(error !== undefined && {error}),
    ...(note !== undefined && {note}),
    ...(anonymize && programMessages('anonymize', anonymize)),
    ...(storescu && programMessages('storescu', storescu)),
    ...(instances && {instances}),
    ...(retry && {retry}),
  };
}

function programMessages(program: string, {returnCode, command, lines}: ProgramFacts): FailureMessages {
  return {
    [`${program}_return_code`]: returnCode,
    [`${program}_command`]: command,
    [`${program}_output`]: limited(lines, mostLines),
  };
}

/** The same as text for REDCap: at most 10,000 characters, always valid JSON; the outputs are shortened first. */
export function messagesForRedcap(messages: FailureMessages): string {
  for (let lines = mostLines; lines > 0; lines = Math.floor(lines / 2)) {
    const text = JSON.stringify(shortened(messages, lines), null, 2);
    if (text.length <= mostCharacters) return text;
  }
  const {request, instances} = messages;
  const error = String(messages.error ?? messages.note ?? '').slice(0, 1000);
  const text = JSON.stringify({request, error, instances}, null, 2);
  return text.length <= mostCharacters ? text : JSON.stringify({error}, null, 2);
}

/** The last line of a shortened output tells how many there were: it is not counted as a line. */
function shortened(messages: FailureMessages, most: number): FailureMessages {
  return Object.fromEntries(
    Object.entries(messages).map(([key, value]) =>
      key.endsWith('_output') && typeof value === 'string' ? [key, shortenedOutput(value, most)] : [key, value],
    ),
  );
}

function shortenedOutput(output: string, most: number): string {
  const lines = output.split('\n');
  const more = Number(/^… and (\d+) more$/.exec(lines.at(-1) ?? '')?.[1] ?? 0);
  const all = more > 0 ? lines.slice(0, -1) : lines;
  return limited(all, most, more);
}

/** @param more lines that were left out before */
function limited(lines: readonly string[], most: number, more = 0): string {
  const left = Math.max(0, lines.length - most) + more;
  return [...lines.slice(0, most), ...(left > 0 ? [`… and ${left} more`] : [])].join('\n');
}
