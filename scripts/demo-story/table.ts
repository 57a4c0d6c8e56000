/** Rows as a table for a terminal: columns as wide as their longest cell, the heading underlined. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((title, column) =>
    Math.max(...[title, ...rows.map(row => row[column] ?? '')].map(cell => [...cell].length)),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  return [line(heading), line(widths.map(width => '─'.repeat(width))), ...rows.map(line)].join('\n');
}

/** A text that fits into a cell. */
export function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}
