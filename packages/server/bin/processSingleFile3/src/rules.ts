import {readRuleFile} from '@fiona/lib/classify/ruleFile';
import type {RuleProblem, RuleSet} from '@fiona/lib/classify/ruleTree';
import type {Log} from '@fiona/lib/cli/log';
import {ConfigError} from '@fiona/lib/config/configError';
import {seriesListKeys, seriesObjectKeys, seriesTextKeys} from '@fiona/lib/site/seriesJson';

const seriesKeys = new Set<string>([...seriesTextKeys, ...seriesListKeys, ...seriesObjectKeys]);

/**
 * The rules of a site, undefined when it has none.
 * @throws RuleFileError, FileError
 */
export function loadRules(path: string): Promise<RuleSet | undefined> {
  return readRuleFile(path, name => seriesKeys.has(name));
}

/**
 * The rules the daemon works with; what is wrong with them goes to the log.
 * @param criticalTypes types whose rules must all be usable (`INDEX.criticalTypes`)
 * @throws ConfigError when a rule of a critical type is disabled; RuleFileError, FileError
 */
export async function rulesForWork(
  path: string,
  criticalTypes: readonly string[],
  log: Log,
): Promise<RuleSet | undefined> {
  const rules = await loadRules(path);
  if (!rules) {
    log.warn(`there is no rule file ${path}: images are indexed without classification`);
    return undefined;
  }
  const critical = rules.problems.filter(({severity, type}) => severity === 'disabled' && criticalTypes.includes(type));
  if (critical.length > 0) throw new ConfigError(critical.map(problem => `${path}: ${describeProblem(problem)}`));
  for (const problem of rules.problems) log.warn(`${path}: ${describeProblem(problem)}`);
  return rules;
}

/** `rule 3 (GE) is disabled: …` */
export function describeProblem({severity, object, type, message}: RuleProblem): string {
  return `rule ${object} (${type || 'no type'})${severity === 'disabled' ? ' is disabled' : ''}: ${message}`;
}
