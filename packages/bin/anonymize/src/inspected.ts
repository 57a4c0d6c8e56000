import type {Line} from './compare.ts';

/** What would become of one file. */
export interface Inspected {
  readonly file: string;
  readonly outcome: 'written' | 'skipped' | 'quarantined';
  readonly reason?: string;
  readonly detail?: string;
  readonly lines: readonly Line[];
  readonly dropped: readonly string[];
  /** Codes of PS3.16 CID 7050 in the output. */
  readonly codes: readonly string[];
  readonly pixelGate: 'passed' | 'not passed' | 'not reached';
  readonly proof: 'passed' | 'failed' | 'not reached';
}
