import {formatRequest, type TransferRequest} from '@fiona/lib/transfers/request';
import type {Retry} from '@fiona/lib/transfers/retry';
import type {FailureFacts} from './outcome.ts';

const mostLines = 50;
const mostCharacters = 10_000;

/** The failure messages of a transfer: the content of `_fail_messages.log`. Holds the pseudonym, no other identifier. */
export function failureMessages(
  request: TransferRequest,
  error: string | undefined,
  facts: FailureFacts,
  retry?: Retry,
): Record<string, unknown> {
  const {anonymize, storescu, instances} = facts;
  return {
    request: JSON.parse(formatRequest(request)) as unknown,
    ...(error !== undefined && {error}),
    ...(anonymize && {
      anonymize_return_code: anonymize.returnCode,
      anonymize_command: anonymize.command,
      anonymize_output: limited(anonymize.lines),
    }),
    ...(storescu && {
      storescu_return_code: storescu.returnCode,
      storescu_command: storescu.command,
      storescu_output: limited(storescu.lines),
    }),
    ...(instances && {instances}),
    ...(retry && {retry}),
  };
}

/** The same as text for REDCap: at most 10,000 characters, always valid JSON; the outputs are shortened first. */
export function messagesForRedcap(messages: Record<string, unknown>): string {
  for (let lines = mostLines; ; lines = Math.floor(lines / 2)) {
    const text = JSON.stringify(shortened(messages, lines), null, 2);
    if (text.length <= mostCharacters || lines === 0) {
      return text.length <= mostCharacters ? text : JSON.stringify({error: String(messages.error).slice(0, 1000)});
    }
  }
}

function shortened(messages: Record<string, unknown>, lines: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(messages).map(([key, value]) =>
      key.endsWith('_output') && typeof value === 'string' ? [key, limited(value.split('\n'), lines)] : [key, value],
    ),
  );
}

function limited(lines: readonly string[], most = mostLines): string {
  const kept = lines.slice(0, most);
  return lines.length > most ? [...kept, `… and ${lines.length - most} more`].join('\n') : kept.join('\n');
}
