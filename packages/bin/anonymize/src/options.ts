import type {Log} from '@fiona/lib/cli/log';
import type {Tool} from '@fiona/lib/cli/tool';
import {UsageError} from '@fiona/lib/cli/usageError';

type Command = Parameters<NonNullable<Tool['options']>>[0];

/** The command line as it was written: the names of the older anonymizer beside the newer ones. */
export interface AnonymizeOptions {
  input?: string;
  output?: string;
  patientid?: string;
  subject?: string;
  projectname?: string;
  project?: string;
  eventname?: string;
  event?: string;
  sitename?: string;
  siteid?: string;
  dateincrement?: string;
  dateIncrement?: string;
  byseries?: boolean;
  bySeries?: boolean;
  /** True without the name of a file. */
  storemapping?: string | true;
  oldstyleuid?: boolean;
  uidStyle?: string;
  tagchange?: readonly string[];
  regtagchange?: readonly string[];
  numthreads?: string;
  threads?: string;
  exportanon?: string;
  profile?: boolean;
  inspect?: string;
  all?: boolean;
  only?: string;
  yes?: boolean;
  /** False with `--no-values`. */
  values?: boolean;
  report?: string;
  audit?: string;
  allowBurnedIn?: boolean;
  force?: boolean;
}

/** Declares the switches of the tool; the older anonymizer's names stay, `-v` for the version among them. */
export function addOptions(program: Command): void {
  program
    .option('-i, --input <path>', 'folder (with all folders below) or file')
    .option('-o, --output <folder>', 'empty or new folder')
    .option('-p, --patientid <id>', 'pseudonym that becomes PatientID and PatientName')
    .addOption(alias(program, '--subject <id>', 'patientid'))
    .option('-j, --projectname <name>', 'project, exactly as in REDCap: UIDs depend on it')
    .addOption(alias(program, '--project <name>', 'projectname'))
    .option('-e, --eventname <name>', 'event of a longitudinal project')
    .addOption(alias(program, '--event <name>', 'eventname'))
    .option('-d, --dateincrement <days>', 'shift of all dates (default: of the configuration, 42)')
    .addOption(alias(program, '--date-increment <days>', 'dateincrement'))
    .option('-b, --byseries', 'one folder a series')
    .addOption(alias(program, '--by-series', 'byseries'))
    .option(
      '-m, --storemapping [file]',
      'write old and new UIDs to a file (default: mapping.json in the output folder)',
    )
    .addOption(program.createOption('--uid-style <style>', 'how UIDs are mapped').choices(['oid', 'hex', 'keyed']))
    .option('-u, --oldstyleuid', 'same as --uid-style hex')
    .option(
      '-P, --tagchange <gggg,eeee=TEXT>',
      'set an element; or keep, remove, empty, PROJECTNAME, PATIENTID, EventName',
      collect,
    )
    .option('-R, --regtagchange <gggg,eeee=REGEX>', 'keep only what the groups of a pattern capture', collect)
    .option('-t, --numthreads <n>', 'threads (default: of the configuration)')
    .addOption(alias(program, '--threads <n>', 'numthreads'))
    .option('--report <file>', 'write what was done, as counts')
    .option('--audit <file>', 'append one line to an audit trail')
    .option('--force', 'output folder may hold files already; what else is refused for safety')
    .option('--allow-burned-in', 'the pixels are known to hold no text')
    .option('-a, --exportanon <file>', 'write the profile to a file (.csv, else JSON), then end')
    .option('--profile', 'show the profile in force, then end')
    .option('--inspect <path>', 'show what would become of each element (identifiers are shown!), write nothing')
    .option('--all', 'with --inspect: every instance, not only the first of each series')
    .addOption(
      program.createOption('--only <what>', 'with --inspect').choices(['changed', 'removed', 'kept', 'private']),
    )
    .option('--no-values', 'with --inspect: shapes instead of values')
    .option('--yes', 'with --inspect --json: print identifiers although this is no terminal')
    .option('-s, --sitename <name>', 'has no effect any more')
    .option('-w, --siteid <id>', 'has no effect any more')
    .option('-l, --debug', 'same as --verbose')
    .on('option:debug', () => program.setOptionValue('verbose', true));
  const version = program.options.find(option => option.long === '--version');
  if (version === undefined) return;
  version.short = '-v';
  version.flags = '-v, --version';
}

function alias(program: Command, flags: string, name: string) {
  return program.createOption(flags, `same as --${name}`).conflicts(name).hideHelp();
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** One line for switches that the older anonymizer took and that do nothing. */
export function warnAboutIgnored({sitename, siteid}: AnonymizeOptions, log: Log): void {
  if (sitename !== undefined || siteid !== undefined)
    log.warn('--sitename and --siteid have no effect: group 0013 is not written');
}

/**
 * A text that must be given.
 * @throws UsageError
 */
export function required(text: string | undefined, flags: string): string {
  if (text === undefined || text === '') throw new UsageError(`${flags} is needed`);
  return text;
}

/**
 * A whole number, or undefined when none was given.
 * @throws UsageError
 */
export function wholeNumber(text: string | undefined, flags: string, least: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^[+-]?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least)) {
    const rest = Number.isFinite(least) ? ` of at least ${least}` : '';
    throw new UsageError(`${flags}: expected a whole number${rest}`);
  }
  return number;
}
