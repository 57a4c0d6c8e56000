import type {Format} from '../api/answer.ts';
import {csvLine} from './csv.ts';
import {XML_HEAD, xmlItem} from './xml.ts';

export interface TableShape {
  columns: string[];
  /** What the header line of a CSV says instead of the column names. */
  labels?: string[] | undefined;
  /** Columns whose values are JSON integers when they are not blank. */
  integers?: string[] | undefined;
  /** Name of the XML root; default `items`. */
  root?: string | undefined;
  delimiter?: string | undefined;
  style?: 'php' | 'plain' | undefined;
}

/** Writes a table in one of the formats, row by row: head, rows (the first one is marked), tail. */
export interface TableWriter {
  head: string;
  row(cells: string[], first: boolean): string;
  tail: string;
}

export function tableWriter(format: Format, shape: TableShape): TableWriter {
  const {columns, delimiter = ',', style = 'php'} = shape;
  if (format === 'csv') {
    return {
      head: csvLine(shape.labels ?? columns, delimiter, style),
      row: cells => csvLine(cells, delimiter, style),
      tail: '',
    };
  }
  if (format === 'xml') {
    const root = shape.root ?? 'items';
    return {head: `${XML_HEAD}<${root}>`, row: cells => xmlItem(columns, cells), tail: `</${root}>`};
  }
  const integers = columns.map(column => shape.integers?.includes(column) ?? false);
  const keys = columns.map(column => `${JSON.stringify(column)}:`);
  const row = (cells: string[], first: boolean): string => {
    const members = cells.map(
      (cell, index) => keys[index] + (integers[index] && cell !== '' ? cell : JSON.stringify(cell)),
    );
    return `${first ? '' : ','}{${members.join(',')}}`;
  };
  return {head: '[', row, tail: ']'};
}

/** A whole small table as text. */
export function writeTable(format: Format, shape: TableShape, rows: string[][]): string {
  const writer = tableWriter(format, shape);
  return writer.head + rows.map((row, index) => writer.row(row, index === 0)).join('') + writer.tail;
}
