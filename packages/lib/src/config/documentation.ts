import type * as z from 'zod/mini';
import {factsOf} from './key.ts';
import {configSchema} from './schema.ts';
import {innards, unwrap} from './tidy.ts';
import {expectedBy} from './value.ts';

/** One line of the documentation. */
export interface DocumentedKey {
  /** `RECEIVER.idleSeconds`, `SITES.<name>.DATADIR`, `CLEANUP.workDirs[].dir`. */
  key: string;
  type: string;
  default: string;
  meaning: string;
  usedBy: string;
}

/** Every key of the schema with its documentation, in the order of the file. */
export function documentedKeys(): DocumentedKey[] {
  return keysBelow(configSchema, '', '');
}

/** @param usedBy holds for keys that do not say it themselves (those of a TLS block) */
function keysBelow(schema: z.core.$ZodType, prefix: string, usedBy: string): DocumentedKey[] {
  const {shape, element, values} = innards(schema);
  if (element) return keysBelow(element, `${prefix.replace(/\.$/, '')}[].`, usedBy);
  if (values) return keysBelow(values, `${prefix}<name>.`, usedBy);
  return Object.entries(shape ?? {}).flatMap(([name, child]) => {
    const key = `${prefix}${name}`;
    return [...ownLine(key, child, usedBy), ...keysBelow(child, `${key}.`, factsOf(child)?.usedBy ?? usedBy)];
  });
}

function ownLine(key: string, schema: z.core.$ZodType, usedBy: string): DocumentedKey[] {
  const facts = factsOf(schema);
  if (!facts) return [];
  return [
    {
      key,
      type: typeOf(schema),
      default: facts.shownDefault ?? fixedDefault(schema),
      meaning: facts.meaning,
      usedBy: facts.usedBy || usedBy,
    },
  ];
}

function typeOf(schema: z.core.$ZodType): string {
  const {shape, element, values} = innards(schema);
  if (element) return 'a list of objects';
  if (values) return 'an object';
  if (shape)
    return (unwrap(schema) as z.core.$ZodTypes)._zod.def.type === 'union' ? 'false, or a TLS block' : 'an object';
  return expectedBy(unwrap(schema)) ?? 'a value';
}

function fixedDefault(schema: z.core.$ZodType): string {
  const definition = (schema as z.core.$ZodTypes)._zod.def;
  return definition.type === 'default' ? `\`${JSON.stringify(definition.defaultValue)}\`` : '–';
}

const introduction = `# Configuration

<!-- Generated from packages/lib/src/config by scripts/generateConfigurationDoc.ts: change the schema, not this page. -->

One file for all tools, \`/data/config/config.json\`; another one by \`--config FILE\` or the environment variable \`FIONA_CONFIG\`.
Strict JSON in UTF-8. Keys that begin with \`_\` or \`//\` are comments. \`null\`, \`"null"\` and \`""\` count as missing; a missing key has
its default; *required* keys are demanded by the tools that use them only. Problems are reported all at once, with line, key, what was
found and what is expected (exit code 78); problems in a part that a tool does not use are warnings for it.

Sizes in bytes may be written as text (\`"10 GiB"\`). Paths are absolute. A TLS block is \`false\` or an object of \`caFile\`, \`certFile\`,
\`keyFile\`, \`serverName\`, \`verify\`. Secrets never stand in this file: a *secret file* is a regular file without any right for others
(mode 0640 or stricter), named by a \`…File\` key. \`FIONA_TOKEN_<PROJECT>\`, \`FIONA_MAIL_USER\` and \`FIONA_MAIL_PASSWORD\` override token and
credential files.

Used by: \`RX\` storectl and the receiver, \`HB\` heartbeat, \`PF\` processSingleFile3, \`DA\` detectStudyArrival, \`SF\` sendFiles, \`S2\` s2m,
\`PI\` populateIncoming, \`CT\` createTransferRequests, \`AS\` anonymizeAndSend, \`CP\` createTransferRequestsForProcessed, \`PA\` populateAutoID,
\`PP\` populateProjects, \`RS\` resendProject, \`AN\` anonymize, \`CO\` clearOldFiles, \`SL\` clearStaleLinks, \`CX\` clearExports,
\`RO\` removeOldEntries, \`CR\` cron (user events), \`GP\` getAllPatients2, \`PQ\` parseAllPatients, \`WI\` whatIsInIDS7, \`WN\` whatIsNotInIDS7,
\`CZ\` createZipFileCmd, \`RJ\` runOneJob, \`PT\` process_tiff. \`RC\` = every tool that talks to REDCap.
`;

/** docs/configuration.md. */
export function configurationPage(): string {
  const groups = new Map<string, DocumentedKey[]>();
  for (const line of documentedKeys()) {
    const first = line.key.split(/[.[]/)[0] ?? '';
    const group = line.key === first && first !== 'SITES' ? 'Top-level keys' : first;
    groups.set(group, [...(groups.get(group) ?? []), line]);
  }
  const tables = [...groups].map(
    ([group, lines]) => `\n## ${group === 'Top-level keys' ? group : `\`${group}\``}\n\n${table(lines)}`,
  );
  return `${introduction}${tables.join('')}`;
}

function table(lines: readonly DocumentedKey[]): string {
  const rows = lines.map(({key, type, default: fallback, meaning, usedBy}) =>
    [`\`${key}\``, type, fallback, meaning, usedBy].map(cell).join(' | '),
  );
  return [
    '| Key | Expected | Default | Meaning | Used by |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(row => `| ${row} |`),
  ]
    .join('\n')
    .concat('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
