import {createHash} from 'node:crypto';
import {accountName} from '../cli/account.ts';
import {implementationVersionName} from '../dicom/implementation.ts';
import type {FileOutcome} from './fileTask.ts';
import {profileHash} from './profile/profileHash.ts';
import {profileEdition} from './profile/table.ts';
import type {DeidRequest} from './request.ts';

/** UIDs of one side, hashed: SHA-256 in hexadecimal, of the studies each, of the instances as a whole. */
export interface AuditedUids {
  /** Of each StudyInstanceUID, sorted. */
  readonly studies: readonly string[];
  /** Of the SOPInstanceUIDs in the order of their characters, each followed by a line feed. */
  readonly instances: string;
}

/** What an audit trail says of a de-identification: no name, id, date, UID or pseudonym in clear. */
export interface DeidAudit {
  readonly project: string;
  /** SHA-256 of the pseudonym. */
  readonly subject: string;
  readonly profile: {readonly edition: string; readonly hash: string};
  readonly style: string;
  readonly dateIncrement: number;
  readonly counts: {readonly in: number; readonly out: number; readonly skipped: number; readonly quarantined: number};
  /** Of the instances that were written, before and after. */
  readonly input: AuditedUids;
  readonly output: AuditedUids;
}

/** Who did it: account, tool and version. */
export interface Auditor {
  readonly account: string;
  readonly tool: string;
  readonly version: string;
}

/** Who an audit trail names for what this process does. */
export function auditorOf(tool: string): Auditor {
  return {account: accountName(), tool, version: implementationVersionName.replace(/^FIONA_/, '')};
}

/** What an audit trail says of a de-identification. */
export function deidAudit(request: DeidRequest, outcomes: readonly FileOutcome[]): DeidAudit {
  const written = outcomes.filter(outcome => outcome.kind === 'written');
  const count = (kind: FileOutcome['kind']) => outcomes.filter(outcome => outcome.kind === kind).length;
  return {
    project: request.project,
    subject: auditHash(request.subject),
    profile: {edition: profileEdition, hash: profileHash(request)},
    style: request.uidStyle,
    dateIncrement: request.dateIncrement,
    counts: {
      in: outcomes.length,
      out: written.length,
      skipped: count('skipped'),
      quarantined: count('quarantined'),
    },
    input: uidsOf(written.map(({original}) => original)),
    output: uidsOf(written),
  };
}

function uidsOf(all: readonly {studyInstanceUid: string; sopInstanceUid: string}[]): AuditedUids {
  const studies = [...new Set(all.map(({studyInstanceUid}) => studyInstanceUid))];
  const instances = [...new Set(all.map(({sopInstanceUid}) => sopInstanceUid))].toSorted();
  return {
    studies: studies.map(auditHash).toSorted(),
    instances: auditHash(instances.map(uid => `${uid}\n`).join('')),
  };
}

/** How an audit trail names something: SHA-256 of its UTF-8 text, in hexadecimal. */
export function auditHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
