import {userInfo} from 'node:os';
import {ConfigError} from '../config/configError.ts';

/**
 * Tools that write the site's tree must run as the account that owns it; judged by the effective user, not by `USER`.
 * @throws ConfigError
 */
export function demandAccount(processingUser: string): void {
  const account = accountName();
  if (account === processingUser) return;
  throw new ConfigError(
    `this tool runs as ${account}, expected ${processingUser} (PROCESSING_USER); use: sudo -u ${processingUser} …`,
  );
}

/** The name of the account that this process runs as. */
export function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // an account without an entry in the user data base (containers)
    return `uid ${process.geteuid?.() ?? 'unknown'}`;
  }
}
