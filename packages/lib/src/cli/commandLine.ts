import {Command, CommanderError, Option} from 'commander';
import {exitCode} from './exitCode.ts';
import {writeOut} from './output.ts';
import type {SharedOptions, Tool} from './tool.ts';

/** The command line, understood: run, end at once (help, version), or a complaint that was printed. */
export type Parsed<O extends object> =
  | {kind: 'run'; args: string[]; options: O & SharedOptions}
  | {kind: 'exit'; exitCode: typeof exitCode.ok}
  | {kind: 'usage'; complaint: string};

/** Parses `argv` (as `process.argv`). Help and version go to standard output, complaints to standard error. */
export function parseCommandLine<O extends object>(tool: Tool<O>, argv: readonly string[]): Parsed<O> {
  const program = programOf(tool);
  try {
    program.parse([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? {kind: 'exit', exitCode: exitCode.ok} : {kind: 'usage', complaint: error.message};
  }
  return {kind: 'run', args: program.args, options: program.opts<O & SharedOptions>()};
}

function programOf<O extends object>(tool: Tool<O>): Command {
  const program = new Command(tool.name)
    .description(tool.description)
    .version(process.env.FIONA_VERSION ?? 'development', '--version', 'show the version')
    .helpOption('--help', 'show this help')
    .allowExcessArguments(false)
    .showHelpAfterError(`(see ${tool.name} --help)`)
    .exitOverride()
    .configureOutput({writeOut: text => writeOut(1, text), writeErr: text => writeOut(2, text)});
  for (const [spec, description] of tool.arguments ?? []) program.argument(spec, description);
  tool.options?.(program);
  return program
    .addOption(
      new Option('--config <file>', 'configuration (default: FIONA_CONFIG, else /data/config/config.json)').argParser(
        oneFile,
      ),
    )
    .option('--dry-run', 'say what would be done, change nothing')
    .option('--json', 'result as JSON on standard output, log on standard error')
    .addOption(new Option('--quiet', 'only warnings, errors and the summary line').conflicts('verbose'))
    .option('--verbose', 'more detail, stack traces')
    .addHelpText('after', `\nExample:\n  ${tool.example}`);
}

function oneFile(file: string): string {
  if (file === '') throw new CommanderError(1, 'commander.invalidArgument', 'error: --config needs the name of a file');
  return file;
}
