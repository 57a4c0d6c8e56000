import {XML_HEAD} from '../formats/xml.ts';

export type Format = 'csv' | 'json' | 'xml';

/** What the server sends; a body in parts is made while it is sent. */
export interface Answer {
  status: number;
  contentType: string;
  body: string | Buffer | AsyncIterable<string>;
}

const CONTENT_TYPES: Record<Format, string> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
  xml: 'text/xml; charset=utf-8',
};

export const PLAIN = 'text/html; charset=UTF-8';

/** A successful answer in one of the three formats. */
export function ok(format: Format, body: string | AsyncIterable<string>): Answer {
  return {status: 200, contentType: CONTENT_TYPES[format], body};
}

/** Bare numbers, names and versions go out as text/html. */
export function plain(text: string): Answer {
  return {status: 200, contentType: PLAIN, body: text};
}

/** A refusal: status and text are those of the API. Everything the request may do wrong ends in one of these. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** 400 for a parameter with a value that is not known. */
export function invalidParameter(name: string): ApiError {
  return new ApiError(400, `The value of the parameter "${name}" is not valid`);
}

/** 400 for names in a list parameter that the project does not have. */
export function invalidNames(parameter: string, names: string[]): ApiError {
  const quoted = names.map(name => `'${name}'`).join(', ');
  return new ApiError(400, `The following values in the parameter "${parameter}" are not valid: ${quoted}`);
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** An error in the shape of the wished format. */
export function errorAnswer(status: number, message: string, format: Format): Answer {
  const body = {
    json: JSON.stringify({error: message}),
    csv: `ERROR: ${message}`,
    xml: `${XML_HEAD}<hash><error>${escapeXml(message)}</error></hash>`,
  }[format];
  return {status, contentType: CONTENT_TYPES[format], body};
}
