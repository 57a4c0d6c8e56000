/** One line of the result. */
export interface Measurement {
  readonly row: string;
  readonly measured: string;
  readonly ours: string;
  /** The peer in the same run, or the number it is held against. */
  readonly peer: string;
  /** Ours against the peer, in the direction that `goal` speaks of; undefined when the goal is an absolute number. */
  readonly ratio?: number | undefined;
  readonly goal: string;
  /** How much of the goal was reached: 1 and more is all of it; undefined = a line for information. */
  readonly reached?: number | undefined;
}

/** Says how much of a goal was reached. */
export function verdict(reached: number | undefined): string {
  if (reached === undefined) return '';
  if (reached >= 1) return 'reached';
  return reached >= 0.5 ? 'at least half' : 'below half';
}

const headings = ['row', 'measured', 'ours', 'peer', 'ratio', 'goal', ''];

/** The table for people, columns padded. */
export function formatTable(measurements: readonly Measurement[]): string {
  const lines = measurements.map(({row, measured, ours, peer, ratio, goal, reached}) => [
    row,
    measured,
    ours,
    peer,
    ratio === undefined ? '' : ratio.toFixed(2),
    goal,
    verdict(reached),
  ]);
  const widths = headings.map((heading, column) =>
    Math.max(...[headings, ...lines].map(line => (line[column] ?? heading).length)),
  );
  const print = (line: readonly string[]) =>
    line
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [print(headings), print(widths.map(width => '-'.repeat(width))), ...lines.map(print)].join('\n');
}
