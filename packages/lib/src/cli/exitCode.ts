/**
 * What a tool tells its caller by its exit code (sysexits.h; cron lines, scripts and monitoring rely on the numbers).
 * `badData` means: the run went through, some items were set aside.
 */
export const exitCode = {
  ok: 0,
  usage: 64,
  badData: 65,
  unavailable: 69,
  bug: 70,
  cannotWrite: 73,
  tryLater: 75,
  config: 78,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
