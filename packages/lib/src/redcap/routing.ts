import {choicesOf} from './fields.ts';
import type {Redcap} from './redcap.ts';
import type {Row} from './row.ts';

/** One routing rule; texts trimmed of blanks, tabs and NUL. */
export interface RoutingRule {
  /** Record id. */
  id: string;
  /** The record id as a number; infinite when it is none. */
  order: number;
  active: boolean;
  /** Name of the destination project: the label of the choice. */
  project: string;
  /** The choice has no label (any more): `project` is the code itself. */
  codeWithoutChoice: boolean;
  /** Called AE title. */
  called: string;
  /** Calling AE title. */
  calling: string;
  idPattern: string;
  namePattern: string;
  event: string;
}

/** Fields of a routing rule. */
export const routingFields = [
  'routing_active',
  'routing_dest_project',
  'routing_incoming_aetitle',
  'routing_sending_aetitle',
  'routing_allowed_patientid',
  'routing_allowed_patientname',
  'routing_event_name',
] as const;

/** All rules, active or not, in ascending order of their record ids. @throws RedcapError */
export async function readRouting(redcap: Redcap): Promise<RoutingRule[]> {
  const rows = await redcap.read({fields: routingFields});
  let choices = await choicesOf(redcap, 'routing_dest_project');
  const isKnown = (row: Row) =>
    choices.has(text(row, 'routing_dest_project')) || text(row, 'routing_dest_project') === '';
  if (!rows.every(isKnown)) {
    // the choice may be newer than our copy of the dictionary
    await redcap.forgetMetadata();
    choices = await choicesOf(redcap, 'routing_dest_project');
  }
  return routingRules(rows, choices);
}

/** Rules from exported rows. @param choices code -> label of `routing_dest_project` */
export function routingRules(rows: readonly Row[], choices: ReadonlyMap<string, string>): RoutingRule[] {
  const rules = rows.map(row => {
    const code = text(row, 'routing_dest_project');
    const label = choices.get(code);
    return {
      id: row.record,
      order: recordOrder(row.record),
      active: text(row, 'routing_active') === '1',
      project: trimmed(label ?? code),
      codeWithoutChoice: code !== '' && label === undefined,
      called: text(row, 'routing_incoming_aetitle'),
      calling: text(row, 'routing_sending_aetitle'),
      idPattern: text(row, 'routing_allowed_patientid'),
      namePattern: text(row, 'routing_allowed_patientname'),
      event: text(row, 'routing_event_name'),
    };
  });
  return rules.sort(byOrder);
}

/** Ascending record ids; what is no number comes last, by text. */
export function byOrder(a: {order: number; id: string}, b: {order: number; id: string}): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** A record id as a number, infinite when it is none. */
export function recordOrder(id: string): number {
  return /^\d{1,15}$/.test(id.trim()) ? Number(id) : Number.POSITIVE_INFINITY;
}

/** Blanks, tabs and NUL on both sides are padding. */
export function trimmed(value: string): string {
  return value.replaceAll(/^[ \t\0]+|[ \t\0]+$/g, '');
}

function text(row: Row, field: string): string {
  return trimmed(row.values[field] ?? '');
}
