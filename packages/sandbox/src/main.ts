import {Command, InvalidArgumentError} from 'commander';
import {reportFailure} from './commands/failure.ts';
import {fault, faults} from './commands/fault.ts';
import {load} from './commands/load.ts';
import {start} from './commands/start.ts';
import {site} from './site/site.ts';

const number = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is expected.');
  return Number(text);
};
const collect = (entry: string, entries: string[]): string[] => [...entries, entry];
const folder = ['--dir <folder>', 'where the sandbox keeps everything'] as const;
const seed = ['--seed <text>', 'makes tokens and numbers depend on the requests only'] as const;

const program = new Command('sandbox')
  .description('Embedded REDCap-compatible API and research PACS, for demo, training and tests')
  .version(process.env.FIONA_VERSION ?? 'development')
  .exitOverride()
  .addHelpText(
    'after',
    '\nExample:\n  sandbox site --dir /tmp/sandbox > /tmp/config.json && sandbox start --dir /tmp/sandbox',
  );

const command = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .requiredOption(...folder);

command('start', 'serves until stopped; prints one JSON line when ready')
  .option('--redcap-port <n>', 'port of the API; 0 or absent: a free one, kept for the next start', number)
  .option('--pacs-port <n>', 'port of the PACS, likewise', number)
  .option('--plain-http', 'no TLS')
  .option(...seed)
  .option('--listen <address>', 'address to listen on', '127.0.0.1')
  .option('--post-max-bytes <n>', 'a larger request body counts as empty', number, 8 * 1024 * 1024)
  .option('--max-input-vars <n>', 'further variables of a request are dropped silently', number, 1000)
  .option('--move-to <ae=host:port>', 'C-MOVE destination, repeatable', collect, [])
  .action(start);
command('load <file>', 'adds a project from a JSON file (- for stdin); prints its token')
  .option(...seed)
  .action(load);
command('fault <json>', 'queues a fault (- for stdin)').action(fault);
command('faults', 'prints the queued faults').option('--clear', 'removes them').action(faults);
command('site', 'loads the projects of a site; prints a complete config.json')
  .option(...seed)
  .option('--plain-http', 'for an API without TLS')
  .action(site);

program.parseAsync().catch((error: unknown) => {
  process.exitCode = reportFailure(error);
});
