export const XML_HEAD = '<?xml version="1.0" encoding="UTF-8" ?>';

/** A value as CDATA; `]]>` inside is split over two sections. */
export function cdata(text: string): string {
  return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}

/** One `<item>` with a child per column. */
export function xmlItem(columns: string[], cells: string[]): string {
  return `<item>${columns.map((column, index) => `<${column}>${cdata(cells[index] ?? '')}</${column}>`).join('')}</item>`;
}

/** An XML text that cannot be read; the message says why. */
export class XmlError extends Error {}

const ENTITIES: Record<string, string> = {amp: '&', lt: '<', gt: '>', quot: '"', apos: "'"};

function decodeText(text: string): string {
  return text.replace(/&([^;&\s]{1,12});|&/g, (whole, name: string | undefined) => {
    if (name === undefined) throw new XmlError('a & that begins no entity');
    const known = ENTITIES[name];
    if (known !== undefined) return known;
    const code = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
    if (code === null) throw new XmlError(`entity ${whole} is not known`);
    const point = code[1] === undefined ? Number(code[2]) : Number.parseInt(code[1], 16);
    if (point === 0 || point > 0x10ffff) throw new XmlError(`entity ${whole} is no character`);
    return String.fromCodePoint(point);
  });
}

/** The `>` that ends the tag beginning at `start`, past quoted attribute values. */
function endOfTag(text: string, start: number): number {
  let quote = '';
  for (let position = start + 1; position < text.length; position++) {
    const character = text[position] ?? '';
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return position;
    else if (character === '<') break;
  }
  throw new XmlError('a tag is not closed');
}

type Token = {kind: 'text'; text: string} | {kind: 'open' | 'close' | 'empty'; name: string};

function* tokens(text: string): Generator<Token> {
  let position = text.startsWith('\uFEFF') ? 1 : 0;
  while (position < text.length) {
    const start = text.indexOf('<', position);
    if (start !== position) yield {kind: 'text', text: decodeText(text.slice(position, start < 0 ? undefined : start))};
    if (start < 0) return;
    if (text.startsWith('<![CDATA[', start)) {
      const end = text.indexOf(']]>', start);
      if (end < 0) throw new XmlError('a CDATA section is not closed');
      yield {kind: 'text', text: text.slice(start + 9, end)};
      position = end + 3;
    } else if (text.startsWith('<!--', start) || text.startsWith('<?', start)) {
      const mark = text[start + 1] === '?' ? '?>' : '-->';
      const end = text.indexOf(mark, start);
      if (end < 0) throw new XmlError('a comment or declaration is not closed');
      position = end + mark.length;
    } else if (text.startsWith('<!', start)) {
      throw new XmlError('document types are not accepted');
    } else {
      const end = endOfTag(text, start);
      const tag = /^(\/?)([A-Za-z_][\w.-]*)(?:\s[^<]*?)?\s*(\/?)$/.exec(text.slice(start + 1, end));
      if (tag === null) throw new XmlError('a tag is not well-formed');
      yield {kind: tag[1] === '/' ? 'close' : tag[3] === '/' ? 'empty' : 'open', name: tag[2] ?? ''};
      position = end + 1;
    }
  }
}

/**
 * Reads `<records><item><column>value</column>…</item>…</records>` (any root name) into rows. No document type, no
 * entities but the five of XML and character numbers, exactly three levels.
 * @throws XmlError when it is not well-formed or of another shape
 */
export function parseItems(text: string): Map<string, string>[] {
  const rows: Map<string, string>[] = [];
  const open: string[] = [];
  let value = '';
  let roots = 0;
  for (const token of tokens(text)) {
    if (token.kind === 'text') {
      if (open.length === 3) value += token.text;
      else if (token.text.trim() !== '') throw new XmlError('text outside the values');
    } else if (token.kind === 'close') {
      if (open.pop() !== token.name) throw new XmlError(`</${token.name}> closes nothing`);
      if (open.length === 2) rows.at(-1)?.set(token.name, value);
    } else {
      if (open.length === 0 && ++roots > 1) throw new XmlError('more than one root');
      if (open.length === 1) rows.push(new Map());
      if (open.length === 2) value = '';
      if (open.length === 3) throw new XmlError('an element inside a value');
      if (token.kind === 'open') open.push(token.name);
      else if (open.length === 2) rows.at(-1)?.set(token.name, '');
    }
  }
  if (open.length > 0 || roots === 0) throw new XmlError('it ends too early');
  return rows;
}
