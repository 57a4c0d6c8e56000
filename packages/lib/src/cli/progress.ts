import {writeOut} from './output.ts';

/** Shows on a terminal how far a longer piece of work has come. */
export interface Progress {
  /** So many of all are done now. */
  done(count: number): void;
  /** Wipes the bar away; harmless when called twice. */
  end(): void;
}

const showAfterMs = 2000;
const redrawMs = 200;
const barWidth = 30;

/** The line of a bar: `de-identify [=====>      ] 120/512`. Exported for tests. */
export function progressLine(label: string, count: number, total: number): string {
  const filled = total === 0 ? barWidth : Math.round((Math.min(count, total) / total) * barWidth);
  const bar = '='.repeat(filled).padEnd(barWidth);
  return `${label} [${bar}] ${count}/${total}`;
}

/**
 * A progress bar on standard error for work that lasts more than two seconds; nothing at all where that is no terminal, so that
 * logs hold no bars. The line is wiped when the work ends.
 * @param quiet the switch of that name
 */
export function openProgress(label: string, total: number, {quiet = false}: {quiet?: boolean} = {}): Progress {
  if (quiet || process.stderr.isTTY !== true) return {done() {}, end() {}};
  const begun = performance.now();
  let drawn = 0;
  return {
    done(count) {
      const now = performance.now();
      if (now - begun < showAfterMs || now - drawn < redrawMs) return;
      drawn = now;
      writeOut(2, `\r\x1b[2K${progressLine(label, count, total)}`);
    },
    end() {
      if (drawn > 0) writeOut(2, '\r\x1b[2K');
      drawn = 0;
    },
  };
}
