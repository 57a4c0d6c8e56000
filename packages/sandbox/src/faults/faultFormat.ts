/** Which requests a fault is for; keys that are absent match everything. REDCap calls and PACS operations never mix. */
export interface FaultMatch {
  content?: string | undefined;
  action?: string | undefined;
  /** Whether the call brings data. */
  import?: boolean | undefined;
  /** Project name. */
  project?: string | undefined;
  /** Only calls that name more records than this. */
  moreThanRecords?: number | undefined;
  pacs?: PacsOperation | undefined;
}

export type PacsOperation = 'store' | 'find' | 'move' | 'get' | 'commit' | 'associate';

export interface Fault {
  match: FaultMatch;
  /** What happens: a word, some with a value behind a colon (`delay:500`). */
  do: string;
  /** How often; absent = for good. */
  times?: number | undefined;
  /** So many matching requests pass first. */
  after?: number | undefined;
}

const CALL_ACTIONS = [
  /^delay:\d{1,9}$/,
  /^(?:reset|resetAfterCommit|gatewayTimeout|gatewayTimeoutAfterCommit)$/,
  /^(?:maintenance|maintenance503|empty200|truncateJson|outOfMemory|error200)$/,
  /^(?:ban|badToken|stringInstances|slowBody|redirect301)$/,
  /^truncate:\d{1,9}$/,
  /^dropRecords:[1-9]\d{0,8}$/,
];

const PACS_ACTIONS = [
  /^status:[0-9A-Fa-f]{4}$/,
  /^reject:(?:transient|permanent)$/,
  /^abort$/,
  /^abortAfter:\d{1,9}$/,
  /^delay:\d{1,9}$/,
  /^dropInstances:[1-9]\d{0,8}$/,
  /^cap:\d{1,9}$/,
  /^capStatus:\d{1,9}:[0-9A-Fa-f]{4}$/,
  /^ignoreKey:[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}$/,
];

const CALL_WORDS =
  'delay:MS, reset, resetAfterCommit, gatewayTimeout, gatewayTimeoutAfterCommit, maintenance, maintenance503, empty200, ' +
  'truncate:BYTES, truncateJson, outOfMemory, error200, dropRecords:K, ban, badToken, stringInstances, slowBody or redirect301';
const PACS_WORDS =
  'status:HEX, reject:transient, reject:permanent, abort, abortAfter:N, delay:MS, dropInstances:K, cap:N, capStatus:N:HEX or ' +
  'ignoreKey:GGGG,EEEE';

const MATCH_TYPES: Record<keyof FaultMatch, string> = {
  content: 'string',
  action: 'string',
  import: 'boolean',
  project: 'string',
  moreThanRecords: 'number',
  pacs: 'string',
};

const PACS_OPERATIONS = ['store', 'find', 'move', 'get', 'commit', 'associate'];

/** Reads a fault, or says everything that is wrong with it. */
export function parseFault(value: unknown): {fault: Fault} | {problems: string[]} {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return {problems: ['a fault is a JSON object']};
  const {match = {}, do: action, times, after, ...rest} = value as Record<string, unknown>;
  const problems = Object.keys(rest).map(key => `${key}: not known`);
  if (typeof match !== 'object' || match === null || Array.isArray(match)) problems.push('match: must be an object');
  else problems.push(...matchProblems(match as Record<string, unknown>));
  const known = (match as FaultMatch)?.pacs === undefined ? CALL_ACTIONS : PACS_ACTIONS;
  if (typeof action !== 'string' || !known.some(pattern => pattern.test(action))) {
    problems.push(`do: found ${JSON.stringify(action)}, expected ${known === PACS_ACTIONS ? PACS_WORDS : CALL_WORDS}`);
  }
  for (const [key, number] of Object.entries({times, after})) {
    const whole = Number.isInteger(number) && Number(number) >= (key === 'times' ? 1 : 0);
    if (number !== undefined && !whole) problems.push(`${key}: must be a whole number`);
  }
  if (problems.length > 0) return {problems};
  return {
    fault: {
      match: match as FaultMatch,
      do: String(action),
      times: times as number | undefined,
      after: after as number | undefined,
    },
  };
}

function matchProblems(match: Record<string, unknown>): string[] {
  const problems: string[] = [];
  for (const [key, value] of Object.entries(match)) {
    const type = Object.hasOwn(MATCH_TYPES, key) ? MATCH_TYPES[key as keyof FaultMatch] : undefined;
    if (type === undefined) problems.push(`match.${key}: not known`);
    else if (typeof value !== type) problems.push(`match.${key}: must be a ${type}`);
  }
  if (typeof match.pacs === 'string' && !PACS_OPERATIONS.includes(match.pacs)) {
    problems.push(`match.pacs: found "${match.pacs}", expected ${PACS_OPERATIONS.join(', ')}`);
  }
  return problems;
}
