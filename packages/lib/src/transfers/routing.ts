import type {Pattern} from '../pattern/pattern.ts';
import {PatternError, PatternTooSlow} from '../pattern/patternError.ts';
import {byOrder, type RoutingRule, trimmed} from '../redcap/routing.ts';
import {subjectFrom, subjectProblem} from './subject.ts';

/** A rule that is in use, its patterns ready. A blank pattern is absent. */
export interface ReadyRule {
  readonly rule: RoutingRule;
  readonly patientId: Pattern | undefined;
  readonly patientName: Pattern | undefined;
}

/** Why a rule is out of use, or can never fire. */
export interface RuleProblem {
  readonly rule: string;
  /** Field of the Routing record that is at fault. */
  readonly field: string;
  /** Sentence that names record and field, and no value of a study. */
  readonly message: string;
  /** `idle`: the rule is well-formed but can never fire. */
  readonly kind: 'invalid' | 'idle';
}

/** How (a part of) a study arrived. A study has as many arrivals as its series have different ones. */
export interface Arrival {
  readonly calling: string;
  readonly called: string;
  readonly patientId: string;
  readonly patientName: string;
}

/** A transfer that a rule asks for. */
export interface RoutedTransfer {
  readonly rule: string;
  readonly project: string;
  readonly name: string;
  readonly event: string;
}

/** A rule fired, but what would become the pseudonym can't be one. */
export interface RefusedTransfer {
  readonly rule: string;
  readonly project: string;
  /** End of a sentence "the name …". */
  readonly problem: string;
}

export interface Routed {
  readonly transfers: readonly RoutedTransfer[];
  readonly refused: readonly RefusedTransfer[];
  /** Rules whose pattern took too long for this study; the caller takes them out of use. */
  readonly failed: readonly RuleProblem[];
}

const idField = 'routing_allowed_patientid';
const nameField = 'routing_allowed_patientname';

/**
 * The active rules with a destination, by ascending record id, patterns compiled. An invalid pattern puts its rule out of use, not
 * the others.
 * @param patternMillis limit of one evaluation
 */
export async function prepareRules(
  rules: readonly RoutingRule[],
  patternMillis: number,
): Promise<{ready: ReadyRule[]; problems: RuleProblem[]}> {
  // the pattern engine is loaded only when there is something to route
  const {compilePattern} = await import('../pattern/pattern.ts');
  const compiled = (rule: RoutingRule, field: string, source: string): Pattern | undefined => {
    if (trimmed(source) === '') return undefined;
    try {
      return compilePattern(source, {limitMs: patternMillis});
    } catch (error) {
      throw ruleFault(rule, field, error);
    }
  };
  const ready: ReadyRule[] = [];
  const problems: RuleProblem[] = [];
  for (const rule of [...rules].sort(byOrder)) {
    if (!rule.active || rule.project === '') continue;
    try {
      const patientId = compiled(rule, idField, rule.idPattern);
      const patientName = compiled(rule, nameField, rule.namePattern);
      if (patientId || patientName) ready.push({rule, patientId, patientName});
      else
        problems.push({
          rule: rule.id,
          field: idField,
          kind: 'idle',
          message: `rule ${rule.id} can never fire: no pattern`,
        });
    } catch (error) {
      if (!(error instanceof InvalidRule)) throw error;
      problems.push(error.problem);
    }
  }
  return {ready, problems};
}

/**
 * Which transfers the rules give a study. Rules are tried by ascending record id; of the arrivals the first that fires decides; of a
 * project's rules the first that fires, and none when the study has a transfer to the project already, under whatever name.
 * @param rules as {@link prepareRules} gives them
 * @param arrivals distinct, in the order of the series
 * @param projectsTaken projects to which the study has a transfer
 */
export function routeStudy(
  rules: readonly ReadyRule[],
  arrivals: readonly Arrival[],
  projectsTaken: ReadonlySet<string>,
): Routed {
  const transfers: RoutedTransfer[] = [];
  const refused: RefusedTransfer[] = [];
  const failed: RuleProblem[] = [];
  const decided = new Set(projectsTaken);
  for (const ready of rules) {
    const {id: rule, project, event} = ready.rule;
    if (decided.has(project)) continue;
    try {
      const name = nameGivenBy(ready, arrivals);
      if (name === undefined) continue;
      decided.add(project);
      const problem = subjectProblem(name);
      if (problem === undefined) transfers.push({rule, project, name, event});
      else refused.push({rule, project, problem});
    } catch (error) {
      if (!(error instanceof InvalidRule)) throw error;
      failed.push(error.problem);
    }
  }
  return {transfers, refused, failed};
}

/** The distinct arrivals, in the given order. */
export function distinctArrivals(arrivals: Iterable<Arrival>): Arrival[] {
  const distinct = new Map<string, Arrival>();
  for (const {calling, called, patientId, patientName} of arrivals) {
    const key = JSON.stringify([calling, called, patientId, patientName]);
    if (!distinct.has(key)) distinct.set(key, {calling, called, patientId, patientName});
  }
  return [...distinct.values()];
}

/** The name the rule gives the study: the whole PatientID or PatientName, not the part that matched; the id wins. */
function nameGivenBy({rule, patientId, patientName}: ReadyRule, arrivals: readonly Arrival[]): string | undefined {
  for (const arrival of arrivals) {
    if (!sameTitle(rule.called, arrival.called) && !sameTitle(rule.calling, arrival.calling)) continue;
    if (matches(rule, idField, patientId, arrival.patientId)) return subjectFrom(arrival.patientId);
    if (matches(rule, nameField, patientName, arrival.patientName)) return subjectFrom(arrival.patientName);
  }
  return undefined;
}

function sameTitle(wanted: string, found: string): boolean {
  return trimmed(wanted) !== '' && trimmed(wanted) === trimmed(found);
}

function matches(rule: RoutingRule, field: string, pattern: Pattern | undefined, value: string): boolean {
  try {
    return pattern?.found(trimmed(value), 'start') ?? false;
  } catch (error) {
    throw ruleFault(rule, field, error);
  }
}

class InvalidRule extends Error {
  readonly problem: RuleProblem;

  constructor(problem: RuleProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

function ruleFault(rule: RoutingRule, field: string, error: unknown): unknown {
  if (!(error instanceof PatternError || error instanceof PatternTooSlow)) return error;
  return new InvalidRule({
    rule: rule.id,
    field,
    kind: 'invalid',
    message: `Routing record ${rule.id}, ${field}: ${error.message}`,
  });
}
