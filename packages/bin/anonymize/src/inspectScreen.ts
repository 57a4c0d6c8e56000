import type {Line} from './compare.ts';
import type {Inspected} from './inspected.ts';

const red = '\u001b[31m';
const yellow = '\u001b[33m';
const green = '\u001b[32m';
const plain = '\u001b[0m';
const leastValueWidth = 12;

/** The lines of one file for people: as wide as the terminal, in colours on one. */
export function screenOf(one: Inspected): string[] {
  const isTerminal = process.stdout.isTTY === true;
  const width = isTerminal ? process.stdout.columns : 160;
  const inColour = isTerminal && !process.env.NO_COLOR;
  const why = one.reason === undefined ? '' : `: ${one.reason}${one.detail === undefined ? '' : `, ${one.detail}`}`;
  return [
    `== ${one.file || 'the file'}: ${one.outcome}${why}`,
    ...one.lines.map(line => coloured(lineText(line, width), line, inColour)),
    `dropped words: ${one.dropped.join(' ') || 'none'}`,
    `codes: ${one.codes.join(' ') || 'none'}`,
    `pixel gate: ${one.pixelGate}; proof that no known identifier is left: ${one.proof}`,
    '',
  ];
}

function lineText({level, tag, name, vr, before, after, action, rule}: Line, width: number): string {
  const head = `${'  '.repeat(level)}${tag} ${name.padEnd(26)} ${vr}  `;
  const tail = ` ${action.padEnd(8)} ${rule}`;
  const each = Math.max(leastValueWidth, Math.floor((width - head.length - 4 - Math.max(tail.length, 34)) / 2));
  return `${head}${cut(before ?? '-', each)} -> ${cut(after ?? '-', each)}${tail}`;
}

function cut(text: string, width: number): string {
  return (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width);
}

function coloured(text: string, {action}: Line, inColour: boolean): string {
  if (!inColour || action === 'keep') return text;
  const colour = action === 'remove' || action === 'empty' ? red : action === 'add' ? green : yellow;
  return `${colour}${text}${plain}`;
}
