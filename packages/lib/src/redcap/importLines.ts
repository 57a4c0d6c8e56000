import type {ImportLine} from './redcapError.ts';

/**
 * The lines of a refused import: `"record","field","value","message"`, one per value, separated by line feeds. Values may hold
 * line breaks and doubled quotes; the record may carry its event, `1 (visit_1_arm_1)`.
 * @returns only what has exactly these four cells; empty when the text is of another kind
 */
export function parseImportLines(text: string): ImportLine[] {
  const lines: ImportLine[] = [];
  for (const cells of csvRecords(text)) {
    const [record, field, value, message] = cells;
    if (
      cells.length !== 4 ||
      record === undefined ||
      field === undefined ||
      value === undefined ||
      message === undefined
    )
      continue;
    const withEvent = /^(.*) \(([a-z0-9_]+_arm_\d+)\)$/.exec(record);
    lines.push({
      record: withEvent?.[1] ?? record,
      ...(withEvent?.[2] !== undefined && {event: withEvent[2]}),
      field,
      value,
      message,
    });
  }
  return lines;
}

/** Records of RFC 4180 text in which every cell is quoted; anything else in between is skipped. */
function csvRecords(text: string): string[][] {
  const records: string[][] = [];
  let cells: string[] = [];
  // a quoted cell, then what ends it: comma, line break or the end
  const cell = /"((?:[^"]|"")*)"[ \t]*(,|\r?\n|$)/y;
  let position = 0;
  while (position < text.length) {
    cell.lastIndex = position;
    const match = cell.exec(text);
    if (match === null) {
      cells = [];
      const next = text.indexOf('\n', position);
      if (next < 0) break;
      position = next + 1;
      continue;
    }
    cells.push((match[1] ?? '').replaceAll('""', '"'));
    position = cell.lastIndex;
    if (match[2] !== ',') {
      records.push(cells);
      cells = [];
    }
  }
  return records;
}
