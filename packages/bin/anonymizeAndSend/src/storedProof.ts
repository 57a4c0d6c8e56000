import {setImmediate} from 'node:timers/promises';
import type {Log} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import {readHeader} from '@fiona/lib/dicom/read';
import {text} from '@fiona/lib/dicom/values';
import {type CommitmentListener, listenForCommitments, requestCommitment} from '@fiona/lib/dimse/commitmentScu';
import {DimseError} from '@fiona/lib/dimse/dimseError';
import {missingByQuery, type SentInstance} from '@fiona/lib/dimse/queryProof';
import {formatStatus} from '@fiona/lib/dimse/status';
import {tlsOptions} from '@fiona/lib/dimse/tlsOptions';
import {researchPacs} from './researchPacs.ts';
import type {SpooledInstance} from './spool.ts';

/** An instance that the PACS does not own up to. */
export interface Unproven {
  readonly instance: SpooledInstance;
  readonly why: string;
}

/** Asks the research PACS whether it keeps what it was sent. */
export interface StoredProof {
  /** The files must still be there. @throws DimseError when the PACS cannot be asked */
  unproven(instances: readonly SpooledInstance[]): Promise<Unproven[]>;
  close(): Promise<void>;
}

interface ProofContext {
  readonly config: Config;
  readonly log: Log;
  readonly signal: AbortSignal;
}
type Sent = SentInstance & {readonly instance: SpooledInstance};

/** What `RESEARCH_PACS.storage.proof` asks for; undefined when the status of each C-STORE will do. */
export function storedProof(context: ProofContext): StoredProof | undefined {
  const {proof} = context.config.RESEARCH_PACS.storage;
  if (proof === 'query') return {unproven: instances => unknownOnes(instances, context), close: async () => {}};
  return proof === 'commitment' ? new CommitmentProof(context) : undefined;
}

async function sentOnes(instances: readonly SpooledInstance[]): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (const [index, instance] of instances.entries()) {
    if (index % 64 === 63) await setImmediate();
    const {dataSet} = readHeader(instance.path);
    sent.push({
      instance,
      sopInstanceUid: instance.sopInstanceUid,
      sopClassUid: text(dataSet, 0x0008_0016) ?? '',
      studyInstanceUid: text(dataSet, 0x0020_000d) ?? '',
      seriesInstanceUid: text(dataSet, 0x0020_000e) ?? '',
    });
  }
  return sent;
}

async function unknownOnes(instances: readonly SpooledInstance[], {config, signal}: ProofContext): Promise<Unproven[]> {
  const {host, port, aeTitle, callingAeTitle, tls, storage} = config.RESEARCH_PACS;
  const peer = {
    ...researchPacs(config),
    host: host ?? '',
    port: port ?? 0,
    aeTitle,
    callingAeTitle,
    tls: tls === false ? undefined : tlsOptions(tls, 'RESEARCH_PACS.tls'),
  };
  const timeoutMs = storage.proofSeconds * 1000;
  const missing = await missingByQuery({peer, instances: await sentOnes(instances), timeoutMs, signal});
  return missing.map(({instance}) => ({instance, why: 'stored with success, but no query finds it'}));
}

/** One listener for all transfers of a run, opened when the first of them asks. */
class CommitmentProof implements StoredProof {
  readonly #context: ProofContext;
  #listener: Promise<CommitmentListener | undefined> | undefined;

  constructor(context: ProofContext) {
    this.#context = context;
  }

  async unproven(instances: readonly SpooledInstance[]): Promise<Unproven[]> {
    const {config, log, signal} = this.#context;
    this.#listener ??= this.#listen();
    const refused = await requestCommitment({
      peer: researchPacs(config),
      references: await sentOnes(instances),
      listener: await this.#listener,
      timeoutMs: config.RESEARCH_PACS.storage.proofSeconds * 1000,
      signal,
      log,
    });
    const reasons = new Map(refused.map(({sopInstanceUid, reason}) => [sopInstanceUid, reason]));
    return instances
      .filter(({sopInstanceUid}) => reasons.has(sopInstanceUid))
      .map(instance => {
        const reason = reasons.get(instance.sopInstanceUid);
        const code = reason === undefined ? 'not mentioned' : `reason ${formatStatus(reason)}`;
        return {instance, why: `stored with success, but not committed to (${code})`};
      });
  }

  async close(): Promise<void> {
    await (await this.#listener?.catch(() => undefined))?.close();
  }

  async #listen(): Promise<CommitmentListener | undefined> {
    const {config, log} = this.#context;
    const port = config.RESEARCH_PACS.storage.commitmentPort;
    if (port === undefined) return undefined;
    try {
      return await listenForCommitments({port, log});
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new DimseError('connect', `cannot listen at RESEARCH_PACS.storage.commitmentPort: ${why}`, {cause});
    }
  }
}
