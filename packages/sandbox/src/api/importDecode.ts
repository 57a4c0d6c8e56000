import {CsvError, parseCsv} from '../formats/csv.ts';
import {parseItems, XmlError} from '../formats/xml.ts';
import type {Parameters} from '../http/parameters.ts';
import {ApiError, type Format} from './answer.ts';
import {delimiterOf} from './exportRecords.ts';

/** A row of the data as sent: column -> text; blank cells are '', columns the row does not have are absent. */
export type SentRow = Map<string, string>;

const PREFIX = 'The data being imported is not formatted correctly.';
const JSON_SHAPE = `${PREFIX} PHP error from JSON decoder: Syntax error. \nThe JSON must be in an array, as in [{ ... }].`;

/**
 * The rows of the `data` parameter in the format of the request.
 * @throws ApiError 400 when the text is not well-formed or of another shape
 */
export function decodeData(parameters: Parameters, format: Format): SentRow[] {
  const text = parameters.text('data');
  if (format === 'json') return decodeJson(text);
  try {
    return format === 'csv' ? decodeCsv(text, delimiterOf(parameters)) : parseItems(text).map(cleanRow);
  } catch (error) {
    if (error instanceof CsvError || error instanceof XmlError) throw new ApiError(400, `${PREFIX} ${error.message}`);
    throw error;
  }
}

/** Line ends of a value become LF, NUL goes; every other byte is kept. */
function clean(value: string): string {
  return value.replaceAll('\r\n', '\n').replaceAll('\0', '');
}

function cleanRow(row: SentRow): SentRow {
  return new Map([...row].map(([column, value]) => [column, clean(value)]));
}

function decodeJson(text: string): SentRow[] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new ApiError(400, JSON_SHAPE);
  }
  if (!Array.isArray(data)) throw new ApiError(400, JSON_SHAPE);
  return data.map((row: unknown) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new ApiError(400, JSON_SHAPE);
    return new Map(Object.entries(row).map(([column, value]) => [column, cellText(column, value)]));
  });
}

function cellText(column: string, value: unknown): string {
  if (typeof value === 'string') return clean(value);
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  throw new ApiError(400, `${PREFIX} The value of ${column.slice(0, 100)} is neither text nor number.`);
}

function decodeCsv(text: string, delimiter: string): SentRow[] {
  const [header = [], ...lines] = parseCsv(text, delimiter);
  const columns = header.map(column => column.trim());
  if (columns.length === 0) throw new CsvError('There is no header line.');
  if (new Set(columns).size < columns.length) throw new CsvError('A column occurs twice in the header line.');
  return lines.map((cells, index) => {
    if (cells.length !== columns.length) {
      throw new CsvError(`Row ${index + 2} has ${cells.length} columns, the header line has ${columns.length}.`);
    }
    return new Map(columns.map((column, position) => [column, clean(cells[position] ?? '')]));
  });
}
