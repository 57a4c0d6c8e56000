/** A CSV text that cannot be read: an unclosed quote. */
export class CsvError extends Error {}

/**
 * A cell as PHP's fputcsv writes it: quoted when it holds the delimiter, a quote, a line break, a tab or a blank; quotes
 * doubled. `plain` quotes for delimiter, quote and line break only.
 */
export function csvCell(text: string, delimiter: string, style: 'php' | 'plain' = 'php'): string {
  const special = style === 'php' ? /["\r\n\t ]/ : /["\r\n]/;
  return text.includes(delimiter) || special.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvLine(cells: string[], delimiter: string, style: 'php' | 'plain' = 'php'): string {
  return `${cells.map(cell => csvCell(cell, delimiter, style)).join(delimiter)}\n`;
}

/**
 * Reads CSV: quoted cells may hold delimiters, line breaks and doubled quotes; lines end with LF, CRLF or CR; a byte order
 * mark and empty lines are skipped. Cost is linear in the text.
 * @throws CsvError on a quote that is never closed
 */
export function parseCsv(text: string, delimiter = ','): string[][] {
  const lines: string[][] = [];
  let cells: string[] = [];
  let position = text.startsWith('\uFEFF') ? 1 : 0;
  const endLine = (): void => {
    if (cells.length > 1 || cells[0] !== '') lines.push(cells);
    cells = [];
  };
  while (position < text.length) {
    const cell = text[position] === '"' ? quotedCell(text, position) : {value: '', end: position};
    const end = endOfCell(text, cell.end, delimiter);
    cells.push(cell.value + text.slice(cell.end, end));
    position = end + 1;
    const stop = text[end];
    if (stop === delimiter) {
      if (position >= text.length) cells.push('');
    } else {
      if (stop === '\r' && text[position] === '\n') position++;
      endLine();
    }
  }
  if (cells.length > 0) endLine();
  return lines;
}

/** Reads a quoted cell whose opening quote is at `start`; `end` is behind the closing quote. */
function quotedCell(text: string, start: number): {value: string; end: number} {
  const parts: string[] = [];
  let position = start + 1;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote < 0) throw new CsvError(`a quoted cell that begins at character ${start + 1} is never closed`);
    parts.push(text.slice(position, quote));
    if (text[quote + 1] !== '"') return {value: parts.join('"'), end: quote + 1};
    position = quote + 2;
  }
}

function endOfCell(text: string, start: number, delimiter: string): number {
  let position = start;
  while (position < text.length) {
    const character = text[position];
    if (character === delimiter || character === '\n' || character === '\r') break;
    position++;
  }
  return position;
}
