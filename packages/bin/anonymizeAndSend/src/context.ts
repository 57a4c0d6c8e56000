import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import type {Spool} from './spool.ts';
import type {StoredProof} from './storedProof.ts';

/** What every part of a run works with. */
export interface RunContext {
  readonly config: Config;
  readonly spool: Spool;
  /** Whether a series to which no classification rules were applied is held. */
  readonly requireClassification: boolean;
  /** Send what is clean although instances were quarantined: an operator decided so. */
  readonly acceptQuarantine: boolean;
  /** What shows, beyond the status of each C-STORE, that the PACS keeps an instance; undefined = nothing more is asked for. */
  readonly proof: StoredProof | undefined;
  /** No progress bars. */
  readonly quiet: boolean;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}
