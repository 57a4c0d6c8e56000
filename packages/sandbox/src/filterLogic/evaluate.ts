import type {Column} from '../project/dictionary.ts';
import {boxColumn} from '../project/dictionary.ts';
import type {Project} from '../project/project.ts';
import {FilterError} from './filterError.ts';
import {FUNCTIONS} from './functions.ts';
import {type Expression, parseFilter} from './parser.ts';
import {calculate, compare, isTrue, type Value} from './values.ts';

/** The row an expression is about. Cells are raw; what the row does not have is ''. */
export interface FilterRow {
  cell(column: Column): string;
  /** A cell of another row of the record: base row of `event` (this row's when absent), or that instance of the field. */
  otherCell(column: Column, event: string | undefined, instance: number | undefined): string;
}

/** A compiled expression. */
export interface Filter {
  /** Names of the columns it looks at. */
  columns: ReadonlySet<string>;
  holds(row: FilterRow): boolean;
}

type Evaluator = (row: FilterRow) => Value;

/**
 * Makes a filter for rows of a project; evaluation costs in proportion to the length of the expression.
 * @throws FilterError for wrong syntax, unknown functions, fields and events
 */
export function compileFilter(project: Project, text: string): Filter {
  const columns = new Set<string>();
  const evaluate = compile({project, columns}, parseFilter(text));
  return {columns, holds: row => isTrue(evaluate(row))};
}

/** The project, and the columns met so far. */
interface Scope {
  project: Project;
  columns: Set<string>;
}

function compile(scope: Scope, node: Expression): Evaluator {
  switch (node.kind) {
    case 'literal':
      return () => node.value;
    case 'reference':
      return reference(scope, node.path);
    case 'call': {
      const known = FUNCTIONS[node.name];
      const parameters = node.arguments.map(argument => compile(scope, argument));
      return row => known?.apply(parameters.map(parameter => parameter(row))) ?? '';
    }
    case 'any': {
      const operands = node.operands.map(operand => compile(scope, operand));
      return row => (operands.some(operand => isTrue(operand(row))) ? 1 : 0);
    }
    case 'all': {
      const operands = node.operands.map(operand => compile(scope, operand));
      return row => (operands.every(operand => isTrue(operand(row))) ? 1 : 0);
    }
    case 'not': {
      const operand = compile(scope, node.operand);
      return row => (isTrue(operand(row)) ? 0 : 1);
    }
    case 'minus': {
      const operand = compile(scope, node.operand);
      return row => calculate('-', 0, operand(row));
    }
    case 'chain': {
      const first = compile(scope, node.first);
      const rest = node.rest.map(({operator, operand}) => ({operator, operand: compile(scope, operand)}));
      return row => rest.reduce((value, {operator, operand}) => calculate(operator, value, operand(row)), first(row));
    }
    case 'comparison': {
      const left = compile(scope, node.left);
      const right = compile(scope, node.right);
      return row => (compare(node.operator, left(row), right(row)) ? 1 : 0);
    }
  }
}

type Path = {name: string; code: string | undefined}[];

/** `[field]`, `[field][instance]`, `[event][field]`, `[event][field][instance]`. */
function reference({project, columns}: Scope, path: Path): Evaluator {
  const [first, ...rest] = path;
  const event = first !== undefined && rest.length > 0 && project.events.has(first.name) ? first.name : undefined;
  const [fieldPart, instancePart, ...more] = event === undefined ? path : rest;
  if (fieldPart === undefined || more.length > 0) throw new FilterError('too many brackets in a row');
  if (event === undefined && rest.length > 0 && !/^\d+$/.test(instancePart?.name ?? '')) {
    throw new FilterError(`the event "${first?.name ?? ''}" is not known`);
  }
  const instance = instancePart === undefined ? undefined : Number(instancePart.name);
  if (instance !== undefined && (!Number.isInteger(instance) || instance < 1)) {
    throw new FilterError(`"${instancePart?.name ?? ''}" is no instance number`);
  }
  const column = columnOf(project, fieldPart);
  columns.add(column.name);
  if (event === undefined && instance === undefined) return row => row.cell(column);
  return row => row.otherCell(column, event, instance);
}

function columnOf(project: Project, part: {name: string; code: string | undefined}): Column {
  const field = project.dictionary.fields.get(part.name);
  if (field === undefined) throw new FilterError(`the field "${part.name}" is not known`);
  if (field.type === 'checkbox' && part.code === undefined) {
    throw new FilterError(`the checkbox "${field.name}" needs a code, as in [${field.name}(1)]`);
  }
  if (field.type !== 'checkbox' && part.code !== undefined) throw new FilterError(`"${field.name}" is no checkbox`);
  const name = part.code === undefined ? field.name : boxColumn(field.name, part.code);
  const column = field.columns.find(candidate => candidate.name === name);
  if (column === undefined) throw new FilterError(`"${field.name}" has no value to compare`);
  return column;
}
