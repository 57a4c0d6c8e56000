import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import type {Redcap} from '@fiona/lib/redcap/redcap';

export interface Dependencies {
  readonly config: Config;
  /** Called when there are requests only. */
  readonly incoming: Redcap;
  readonly projects: Redcap;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
}

export interface SendOptions {
  /** Only this request file, in any folder. */
  readonly request?: string | undefined;
  /** Send what is clean although instances were quarantined. Only with `request`. */
  readonly acceptQuarantine?: boolean | undefined;
  /** Do not look for requests that arrive during the run. */
  readonly once?: boolean | undefined;
  /** No progress bars. */
  readonly quiet?: boolean | undefined;
}
