import {readlinkSync} from 'node:fs';

/**
 * Name of the host's time zone, as far as it can be told from `TZ` or `/etc/localtime`; undefined otherwise. `Intl` always knows
 * it, but loading it costs 10 ms, a quarter of what a cron tool may spend on its start.
 */
export function hostZoneName(): string | undefined {
  const {TZ} = process.env;
  if (TZ !== undefined && TZ !== '') return /^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/.test(TZ) ? TZ : undefined;
  try {
    return /\/zoneinfo\/(?:posix\/)?([A-Z].*)$/.exec(readlinkSync('/etc/localtime'))?.[1];
  } catch {
    return undefined;
  }
}
