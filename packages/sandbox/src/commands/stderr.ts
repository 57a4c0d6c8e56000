import type {Log} from '@fiona/lib/cli/log';

/** The sandbox says on stdout only what was asked for; everything else goes to stderr, one line each. */
export const stderrLog: Log = {
  debug() {},
  info: message => process.stderr.write(`[sandbox] INFO ${message}\n`),
  warn: message => process.stderr.write(`[sandbox] WARN ${message}\n`),
  error: message => process.stderr.write(`[sandbox] ERROR ${message}\n`),
};
