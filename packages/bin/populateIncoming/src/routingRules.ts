import type {Log} from '@fiona/lib/cli/log';
import {UsageError} from '@fiona/lib/cli/usageError';
import type {SetAside} from '@fiona/lib/fs/setAside';
import {choicesOf} from '@fiona/lib/redcap/fields';
import type {Redcap} from '@fiona/lib/redcap/redcap';
import {type RoutingRule, readRouting} from '@fiona/lib/redcap/routing';
import {prepareRules, type ReadyRule, type RuleProblem} from '@fiona/lib/transfers/routing';

/** The routing rules of one run: read when they are first needed, and without those that failed. */
export interface RuleBook {
  /** @throws RedcapError */
  rules(): Promise<readonly ReadyRule[]>;
  /** Takes a rule out of use for the rest of the run. */
  giveUp(problem: RuleProblem): Promise<void>;
  /** @throws UsageError when Routing has no such project; RedcapError */
  mustKnow(project: string): Promise<void>;
}

export function openRuleBook(
  routing: () => Promise<Redcap>,
  {patternMillis, setAside, log}: {patternMillis: number; setAside: SetAside; log: Log},
): RuleBook {
  let connection: Promise<Redcap> | undefined;
  let ready: ReadyRule[] | undefined;
  let all: RoutingRule[] = [];

  function connected(): Promise<Redcap> {
    connection ??= routing();
    return connection;
  }

  async function load(): Promise<ReadyRule[]> {
    all = await readRouting(await connected());
    const prepared = await prepareRules(all, patternMillis);
    for (const {id, active, codeWithoutChoice, project} of all) {
      if (active && codeWithoutChoice)
        log.warn(
          `Routing record ${id}: ${project} is no choice of routing_dest_project, taken as the name of the project`,
        );
    }
    const keys = new Set(prepared.problems.map(keyOf));
    await setAside.prune(item => !item.startsWith('Routing/') || keys.has(item));
    for (const problem of prepared.problems) await tell(problem);
    return prepared.ready;
  }

  async function tell(problem: RuleProblem): Promise<void> {
    log.warn(problem.message);
    if (problem.kind === 'idle') return;
    const {message} = problem;
    await setAside.note({key: keyOf(problem), reason: 'invalid-pattern', detail: message, version: message});
  }

  return {
    async rules() {
      ready ??= await load();
      return ready;
    },
    async giveUp(problem) {
      if (!ready?.some(({rule}) => rule.id === problem.rule)) return;
      ready = ready.filter(({rule}) => rule.id !== problem.rule);
      await tell(problem);
    },
    async mustKnow(project) {
      await this.rules();
      const labels = new Set([...(await choicesOf(await connected(), 'routing_dest_project')).values()]);
      if (labels.has(project) || all.some(rule => rule.project === project)) return;
      throw new UsageError(
        `--importAll ${project}: Routing has no such project, expected a label of routing_dest_project, exactly as it is spelled there`,
      );
    },
  };
}

function keyOf({rule, field}: RuleProblem): string {
  return `Routing/${rule}/${field}`;
}
