import {join} from 'node:path';
import {auditHash, auditorOf, type DeidAudit} from '@fiona/lib/deid/audit';
import {appendChained, type ChainLink} from '@fiona/lib/fs/chainedLog';
import type {TransferRequest} from '@fiona/lib/transfers/request';
import type {RunContext} from './context.ts';
import type {TransferOutcome} from './outcome.ts';

/** What the audit trail knows of a transfer so far. */
export interface TransferAudit {
  readonly deid: DeidAudit;
  /** The line that let the instances go; undefined when none may have left. */
  readonly release: ChainLink | undefined;
}

/** How a transfer ended, for the audit trail. */
export interface AuditedEnd {
  readonly outcome: TransferOutcome;
  /** Instances that the research PACS confirmed. */
  readonly stored: number;
  readonly audit: TransferAudit | undefined;
  /** The request's name is no pseudonym: then not even its hash stands in the trail. */
  readonly hideName: boolean;
}

type AuditContext = Pick<RunContext, 'config' | 'clock' | 'log'>;

/**
 * Writes that the instances of a transfer may leave now. Durable before the first of them is sent: whatever is killed then, the
 * trail knows what may have left.
 * @throws FileError; nothing may be sent then
 */
export async function auditRelease(
  request: TransferRequest,
  deid: DeidAudit,
  context: AuditContext,
): Promise<TransferAudit> {
  const {host, port, aeTitle} = context.config.RESEARCH_PACS.storage;
  const to = `${aeTitle} at ${host}:${port}`;
  return {deid, release: await append('release', {...whose(request), ...deid, to}, context)};
}

/**
 * Writes how a transfer ended, before REDCap hears of it and before its request is moved: what is called done is in the trail.
 * @throws FileError; the request stays where it is then
 */
export async function auditEnd(
  request: TransferRequest,
  {outcome, stored, audit, hideName}: AuditedEnd,
  context: AuditContext,
): Promise<ChainLink> {
  const subject = hideName ? {} : {subject: auditHash(request.name)};
  const facts = audit?.deid ?? {project: request.project, ...subject};
  const ended = 'reason' in outcome ? {outcome: outcome.kind, reason: outcome.reason} : {outcome: outcome.kind};
  const release = audit?.release && {release: audit.release.seq};
  return await append('transfer', {...whose(request), ...facts, ...release, ...ended, stored}, context);
}

function whose({study, instance}: TransferRequest): object {
  return {study: auditHash(study), instance};
}

async function append(event: string, facts: object, {config, clock, log}: AuditContext): Promise<ChainLink> {
  const path = join(config.PATHS.logDir, 'Transfers_audit.jsonl');
  const at = clock.now().toISOString();
  const link = await appendChained(path, {at, event, ...auditorOf('anonymizeAndSend'), ...facts});
  log.info(`audit ${event} ${link.seq}:${link.hash}`);
  return link;
}
