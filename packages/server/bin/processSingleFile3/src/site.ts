import type {RuleSet} from '@fiona/lib/classify/ruleTree';
import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import type {SiteModes} from '@fiona/lib/site/modes';

/** The data root that is indexed, and what the work on it needs. */
export interface IndexedSite {
  /** DATADIR. */
  root: string;
  modes: SiteModes;
  /** Undefined: the site has no rule file. */
  rules: RuleSet | undefined;
  /** `INDEX.allowOutside`. */
  allowOutside: boolean;
  log: Log;
  clock: Clock;
}
