import {shortHash} from '@fiona/lib/cli/shortHash';
import {asUid} from '@fiona/lib/dicom/uid';
import type {Transfer} from '@fiona/lib/redcap/incoming';
import {type Circumstances, type Decision, decide, type StudyOnDisk} from './decide.ts';

/** A transfer that shall be requested. */
export type Wanted = Extract<Decision, {kind: 'request'}>;

/** A row that makes no sense. */
export interface BadRow {
  /** `<record>/transfers/<instance>`; a record name that is no UID only as a hash. */
  readonly key: string;
  readonly reason: string;
  readonly detail: string;
  /** Changes with the row. */
  readonly version: string;
}

export interface RequestPlan {
  /** Rows that were looked at. */
  readonly rows: number;
  readonly wanted: readonly Wanted[];
  readonly bad: readonly BadRow[];
  readonly counts: Readonly<Record<Decision['kind'], number>>;
}

/** Decides for every row. */
export function planRequests(
  transfers: Iterable<Transfer>,
  disk: ReadonlyMap<string, StudyOnDisk>,
  circumstances: Circumstances,
): RequestPlan {
  const wanted: Wanted[] = [];
  const bad: BadRow[] = [];
  const counts = {'no-request': 0, 'set-aside': 0, done: 0, 'no-data': 0, arriving: 0, request: 0};
  let rows = 0;
  for (const transfer of transfers) {
    rows++;
    const decision = decide(transfer, disk.get(transfer.study), circumstances);
    counts[decision.kind]++;
    if (decision.kind === 'request') wanted.push(decision);
    else if (decision.kind === 'set-aside') {
      const {reason, detail} = decision;
      bad.push({key: keyOf(transfer), reason, detail, version: shortHash(JSON.stringify(transfer))});
    }
  }
  return {rows, wanted, bad, counts};
}

function keyOf({study, instance}: Transfer): string {
  return `${asUid(study) ?? shortHash(study)}/transfers/${instance}`;
}
