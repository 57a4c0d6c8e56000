import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import type {Spool} from './spool.ts';

/** What every part of a run works with. */
export interface RunContext {
  readonly config: Config;
  readonly spool: Spool;
  /** Whether a series to which no classification rules were applied is held. */
  readonly requireClassification: boolean;
  /** Send what is clean although instances were quarantined: an operator decided so. */
  readonly acceptQuarantine: boolean;
  /** No progress bars. */
  readonly quiet: boolean;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}
