/** One variable of a request as it was sent; a file part has its bytes. */
export interface Variable {
  name: string;
  value: string;
  file?: {name: string; type: string; bytes: Buffer};
}

const decoder = new TextDecoder('utf-8');

/** Reads an urlencoded body: `+` is a blank, broken escapes stay as they are, invalid UTF-8 becomes U+FFFD. Never fails. */
export function parseUrlEncoded(body: Buffer, limit: number): Variable[] {
  const variables: Variable[] = [];
  const text = body.toString('latin1');
  let position = 0;
  while (position < text.length && variables.length < limit) {
    const ampersand = text.indexOf('&', position);
    const end = ampersand < 0 ? text.length : ampersand;
    const pair = text.slice(position, end);
    position = end + 1;
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodePart(equals < 0 ? pair : pair.slice(0, equals));
    variables.push({name, value: equals < 0 ? '' : decodePart(pair.slice(equals + 1))});
  }
  return variables;
}

/** Decodes `%XX` and `+` of latin1 text that stands for bytes, then the bytes as UTF-8. */
function decodePart(part: string): string {
  if (/^[\x20-\x24\x26-\x2a\x2c-\x7e]*$/.test(part)) return part;
  const bytes = Buffer.allocUnsafe(part.length);
  let length = 0;
  for (let position = 0; position < part.length; position++) {
    const code = part.charCodeAt(position);
    const hex = code === 0x25 ? part.slice(position + 1, position + 3) : '';
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes[length++] = Number.parseInt(hex, 16);
      position += 2;
    } else {
      bytes[length++] = code === 0x2b ? 0x20 : code;
    }
  }
  return decoder.decode(bytes.subarray(0, length));
}

/**
 * Reads a multipart/form-data body. What is not a complete part with a name is left out; a body that is no multipart at
 * all has no variables. Never fails.
 */
export function parseMultipart(body: Buffer, boundary: string, limit: number): Variable[] {
  const variables: Variable[] = [];
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  let start = body.indexOf(delimiter);
  while (start >= 0 && variables.length < limit) {
    const head = start + delimiter.length;
    if (body.subarray(head, head + 2).toString('latin1') === '--') break;
    const next = body.indexOf(delimiter, head);
    if (next < 0) break;
    const part = parsePart(body.subarray(head, next));
    if (part !== undefined) variables.push(part);
    start = next;
  }
  return variables;
}

function parsePart(part: Buffer): Variable | undefined {
  const headEnd = part.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = decoder.decode(part.subarray(0, headEnd));
  const content = part.subarray(headEnd + 4, Math.max(headEnd + 4, part.length - 2));
  const disposition = /^content-disposition:\s*form-data(.*)$/im.exec(head)?.[1];
  const name = parameterOf(disposition, 'name');
  if (name === undefined) return undefined;
  const fileName = parameterOf(disposition, 'filename');
  if (fileName === undefined) return {name, value: decoder.decode(content)};
  const type = /^content-type:\s*([^\r\n]*)/im.exec(head)?.[1]?.trim() ?? 'application/octet-stream';
  return {name, value: '', file: {name: fileName, type, bytes: Buffer.from(content)}};
}

function parameterOf(text: string | undefined, parameter: string): string | undefined {
  if (text === undefined) return undefined;
  const match = new RegExp(`;\\s*${parameter}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, 'i').exec(text);
  if (match === null) return undefined;
  return match[2] ?? (match[1] ?? '').replace(/\\(["\\])/g, '$1').replaceAll('%22', '"');
}

/** Variables of a body by its content type; any other type has none, as in PHP. */
export function parseForm(body: Buffer, contentType: string, limit: number): Variable[] {
  const type = contentType.split(';')[0]?.trim().toLowerCase();
  if (type === 'multipart/form-data') {
    const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
    const name = boundary?.[1] ?? boundary?.[2];
    return name === undefined ? [] : parseMultipart(body, name, limit);
  }
  return type === 'application/x-www-form-urlencoded' ? parseUrlEncoded(body, limit) : [];
}
