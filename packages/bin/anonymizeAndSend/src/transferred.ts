import type {DeidRequest} from '@fiona/lib/deid/request';
import type {ResearchProject} from '@fiona/lib/redcap/dataTransferProjects';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import type {TransferAudit} from './audit.ts';
import type {TransferOutcome} from './outcome.ts';

/** A transfer carried out, or given up. Nothing of it is recorded yet. */
export interface Transferred {
  readonly outcome: TransferOutcome;
  readonly snapshotTime: Date;
  readonly report: object | undefined;
  readonly figures: TransferFigures;
  readonly audit: TransferAudit | undefined;
  /** What the project keeps for life, of a transfer that was sent. */
  readonly used?: Pick<DeidRequest, 'uidRoot' | 'uidStyle' | 'dateIncrement' | 'key'>;
}

/** What a transfer sent, for the log. `quarantined` counts notes written for an operator. */
export interface TransferFigures {
  readonly series: number;
  readonly instances: number;
  readonly skipped: number;
  readonly bytes: number;
  readonly quarantined: number;
}

/** A transfer whose request says what to do: where its instances may lie meanwhile, and for which project. */
export interface TransferTask {
  readonly request: TransferRequest;
  /** Name of the request's file. */
  readonly name: string;
  readonly project: ResearchProject;
  /** Its own folder in the spool. */
  readonly folder: string;
  /** Names under which the study was or is to be sent: a series that came back under one of them is the same patient's. */
  readonly pseudonyms: readonly string[];
}

export const noFigures: TransferFigures = {series: 0, instances: 0, skipped: 0, bytes: 0, quarantined: 0};
