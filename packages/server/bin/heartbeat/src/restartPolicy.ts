const minuteMs = 60_000;
const windowMs = 60 * minuteMs;

/**
 * Minutes between a restart and the next one, by how many there were within the last hour. The first two come at once: to replace a
 * receiver that hangs is what hospitals wait for. After that each one helps less, and every restart costs open associations.
 */
const pauseMinutes = [0, 0, 1, 2, 5, 10];

/** Most restarts within an hour. */
export const mostRestarts = pauseMinutes.length;

/** Whether the receiver may be restarted now, or from when on. */
export type Permission = {readonly kind: 'now'} | {readonly kind: 'later'; readonly at: Date; readonly count: number};

/** The restarts that still count; those of a future (the clock was set back) do not. */
export function recentRestarts(restarts: readonly Date[], now: Date): Date[] {
  return restarts.filter(at => at <= now && now.getTime() - at.getTime() < windowMs).sort((a, b) => +a - +b);
}

/** Decides by the restarts so far. */
export function mayRestart(restarts: readonly Date[], now: Date): Permission {
  const recent = recentRestarts(restarts, now);
  const [oldest, last] = [recent[0], recent.at(-1)];
  if (oldest === undefined || last === undefined) return {kind: 'now'};
  const pause = pauseMinutes[recent.length];
  const at = pause === undefined ? oldest.getTime() + windowMs : last.getTime() + pause * minuteMs;
  return at <= now.getTime() ? {kind: 'now'} : {kind: 'later', at: new Date(at), count: recent.length};
}
