/** The one clock of the sandbox. `FIONA_SANDBOX_NOW` (ISO time, tests only) freezes it. */
export function now(): Date {
  const frozen = process.env.FIONA_SANDBOX_NOW;
  return frozen ? new Date(frozen) : new Date();
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `YYYY-MM-DD HH:MM:SS` in the local time of the process: how times are stored, compared and shown, as the original does. */
export function localTime(date: Date = now()): string {
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
