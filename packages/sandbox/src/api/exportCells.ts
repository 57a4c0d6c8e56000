import type {Column} from '../project/dictionary.ts';
import {eventLabel, formBelongs, formLabel, type Project} from '../project/project.ts';
import type {StoredRow} from '../store/records.ts';
import type {ExportColumn} from './exportColumns.ts';

/** How values are shown. */
export interface CellOptions {
  labels: boolean;
  /** Checkbox cells hold the choice label or a blank instead of Checked/Unchecked (labels only). */
  checkboxLabels: boolean;
  /** The status of a form that was never saved is blank instead of 0. */
  blankForGray: boolean;
  decimal: '' | '.' | ',';
}

export const RAW: CellOptions = {labels: false, checkboxLabels: false, blankForGray: false, decimal: ''};

/** The stored value of a cell, '' when there is none. */
export function storedCell(row: StoredRow, column: Column): string {
  const value = row.values[column.name];
  if (value === undefined) return '';
  return typeof value === 'string' ? value : value.name;
}

const NUMERIC_VALIDATION = /^(?:number|integer)/;

/** Makes the cells of exported rows. */
export class CellMaker {
  readonly #project: Project;
  readonly #options: CellOptions;
  readonly #belongs = new Map<string, Set<string>>();

  constructor(project: Project, options: CellOptions) {
    this.#project = project;
    this.#options = options;
  }

  /** Whether a field's form has cells in this row. */
  #formBelongs(row: StoredRow, form: string): boolean {
    const key = `${row.instance > 0 ? 1 : 0}/${row.instrument}/${row.event}`;
    let forms = this.#belongs.get(key);
    if (forms === undefined) {
      forms = new Set(this.#project.dictionary.forms.filter(candidate => formBelongs(this.#project, candidate, row)));
      this.#belongs.set(key, forms);
    }
    return forms.has(form);
  }

  /** A cell of an export. */
  cell(row: StoredRow, column: ExportColumn): string {
    const {labels} = this.#options;
    switch (column.kind) {
      case 'value':
        return this.value(row, column.column);
      case 'recordId':
        return row.record.name;
      case 'event':
        return labels ? eventLabel(this.#project, row.event) : row.event;
      case 'instrument':
        return labels && row.instrument !== '' ? formLabel(this.#project, row.instrument) : row.instrument;
      case 'instance':
        return row.instance === 0 ? '' : String(row.instance);
      case 'group':
        return labels ? this.#groupLabel(row.record.dag) : row.record.dag;
    }
  }

  /** A field's cell; blank when the form has no cells in this row, boxes and status included. */
  value(row: StoredRow, column: Column): string {
    const {field, choice} = column;
    if (field.name === this.#project.dictionary.recordId) return row.record.name;
    if (!this.#formBelongs(row, field.form)) return '';
    const stored = storedCell(row, column);
    if (choice !== undefined) return this.#box(stored === '1', choice.label);
    if (field.type === 'complete' && stored === '' && this.#options.blankForGray) return '';
    return this.shown(column, field.type === 'complete' && stored === '' ? '0' : stored);
  }

  /** A raw value as the options want it. */
  shown({field}: Column, value: string): string {
    if (this.#options.labels && field.choices.length > 0) {
      return field.choices.find(candidate => candidate.code === value)?.label ?? value;
    }
    const {decimal} = this.#options;
    const numeric = field.type === 'calc' || NUMERIC_VALIDATION.test(field.validation);
    if (decimal === '' || !numeric || !/^[-+]?\d*[.,]?\d+$/.test(value)) return value;
    return value.replace(/[.,]/, decimal);
  }

  #box(checked: boolean, label: string): string {
    if (!this.#options.labels) return checked ? '1' : '0';
    if (this.#options.checkboxLabels) return checked ? label : '';
    return checked ? 'Checked' : 'Unchecked';
  }

  #groupLabel(name: string): string {
    const group = this.#project.definition.groups.find(candidate => candidate.unique_group_name === name);
    return group?.data_access_group_name ?? name;
  }
}
