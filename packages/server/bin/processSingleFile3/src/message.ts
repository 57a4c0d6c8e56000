import {basename, dirname} from 'node:path';
import {ArrivalLineError, parseArrivalLine} from '@fiona/lib/site/arrivalLine';

/** An announced file, ready to be indexed. */
export interface Message {
  /** Who says so: lines of the journal must name archived files, those of the pipe may name others. */
  origin: 'journal' | 'pipe' | 'reconcile' | 'reclassify';
  /** Calling and called AE title, perhaps empty. */
  caller: string;
  called: string;
  callerAddress: string;
  /** The announced path as given; not checked yet. */
  path: string;
}

/**
 * Takes a line of the journal or of the pipe apart: five fields, or a single path (then caller, called and address are
 * `unknown`). AE titles and address lose quotes, blanks, backslashes and control characters.
 * @throws ArrivalLineError for any other count of fields and for paths that are not absolute
 */
export function parseMessage(text: string, origin: Message['origin']): Message {
  const fields = text.includes(',')
    ? parseArrivalLine(text)
    : {
        caller: 'unknown',
        called: 'unknown',
        callerAddress: 'unknown',
        directory: dirname(text),
        filename: basename(text),
      };
  const {directory, filename} = fields;
  if (!directory.startsWith('/')) throw new ArrivalLineError('the path is not absolute');
  if (filename === '' || filename.includes('/') || /\0/.test(text)) throw new ArrivalLineError('the file has no name');
  return {
    origin,
    caller: bareTitle(fields.caller),
    called: bareTitle(fields.called),
    callerAddress: bareTitle(fields.callerAddress) || '0.0.0.0',
    path: `${directory.replace(/\/+$/, '')}/${filename}`,
  };
}

function bareTitle(text: string): string {
  return text.replaceAll(/["\\\s\0-\x1f\x7f-\x9f]/g, '');
}
