import {connect as connectTcp, type Socket} from 'node:net';
import type {ConnectionOptions} from 'node:tls';
import {implementationClassUid, implementationVersionName} from '../dicom/implementation.ts';
import type {AcceptedContext} from './acceptedContext.ts';
import {Association, type AssociationUser} from './association.ts';
import {DimseError} from './dimseError.ts';
import {
  type AssociateAccept,
  type AssociateReject,
  type AssociateRequest,
  applicationContextName,
  contextResult,
  type ProposedContext,
  type RoleSelection,
} from './pdu.ts';
import {nameOfPeer, type Peer} from './peer.ts';

/** Longest P-DATA-TF we take. Large, so that few headers cut the data; they are never held in memory as a whole. */
export const defaultMaxPduLength = 1 << 20;

const defaultConnectTimeoutMs = 15_000;
const defaultResponseTimeoutMs = 60_000;
const defaultAsynchronousOperations = 16;
const artimTimeoutMs = 10_000;

/** The most presentation contexts one association can have: ids are odd and one byte (PS3.8 9.3.2.2). */
export const maxContexts = 128;

export interface AssociationRequest {
  peer: Peer;
  /** At most {@link maxContexts}; ids are given in order: 1, 3, 5 … */
  contexts: Omit<ProposedContext, 'id'>[];
  roles?: RoleSelection[];
  /** Requests we would like to have under way at once; 1 = the window is not negotiated. */
  asynchronousOperations?: number;
  /** Takes the peer's requests (C-STORE of a C-GET). */
  user?: Pick<AssociationUser, 'message'>;
  signal?: AbortSignal | undefined;
}

export interface OpenAssociation {
  association: Association;
  /** How many of our requests may be under way at once (PS3.7 D.3.3.3): what the peer agreed to, else 1. */
  window: number;
}

/**
 * Connects and negotiates an association as its requestor (PS3.8 7.1).
 * Throws {@link DimseError}: `connect`, `timeout`, `rejected-*`, `aborted`, `closed`, `cancelled`.
 */
export async function openAssociation(request: AssociationRequest): Promise<OpenAssociation> {
  const {peer, signal} = request;
  const deadline = AbortSignal.timeout(peer.connectTimeoutMs ?? defaultConnectTimeoutMs);
  const stop = signal ? AbortSignal.any([signal, deadline]) : deadline;
  const socket = await connect(peer, stop);
  const wish = associateRequest(request);
  const answer = Promise.withResolvers<AssociateAccept | AssociateReject>();
  answer.promise.catch(() => {});
  const association = new Association(
    socket,
    {
      answered: answer.resolve,
      message: (command, context) => request.user?.message(command, context),
      ended: error => answer.reject(error ?? new DimseError('closed', `${nameOfPeer(peer)} closed the association`)),
    },
    {
      role: 'requestor',
      peerName: nameOfPeer(peer),
      artimTimeoutMs,
      responseTimeoutMs: peer.responseTimeoutMs ?? defaultResponseTimeoutMs,
    },
  );
  const stopNow = () => association.abort(stopError(peer, signal));
  stop.addEventListener('abort', stopNow, {once: true});
  if (stop.aborted) stopNow();
  try {
    association.upper.associate(wish);
    const accept = await answer.promise;
    if (accept.kind === 'associate-reject') throw rejected(peer, accept);
    association.contexts = acceptedContexts(wish, accept);
    association.maxSendLength = sendLength(accept.user.maxPduLength);
    keepCancellable(association, peer, signal);
    return {association, window: windowOf(wish, accept)};
  } finally {
    stop.removeEventListener('abort', stopNow);
  }
}

function keepCancellable(association: Association, peer: Peer, signal: AbortSignal | undefined): void {
  if (!signal) return;
  const cancel = () => association.abort(stopError(peer, signal));
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, {once: true});
  association.whenEnded.then(() => signal.removeEventListener('abort', cancel));
}

function stopError(peer: Peer, signal: AbortSignal | undefined): DimseError {
  return signal?.aborted
    ? new DimseError('cancelled', `the work with ${nameOfPeer(peer)} was cancelled`)
    : new DimseError('timeout', `no association with ${nameOfPeer(peer)} within the time limit`);
}

async function connect(peer: Peer, stop: AbortSignal): Promise<Socket> {
  const {host, port} = peer;
  const connecting = Promise.withResolvers<void>();
  const socket = peer.tls
    ? await startTls(peer, peer.tls, connecting.resolve)
    : connectTcp({host, port, noDelay: true}, connecting.resolve);
  const failed = (cause: Error) =>
    connecting.reject(new DimseError('connect', `cannot connect to ${nameOfPeer(peer)}: ${cause.message}`, {cause}));
  const late = () =>
    connecting.reject(new DimseError('connect', `cannot connect to ${nameOfPeer(peer)} within the time limit`));
  const closed = () =>
    connecting.reject(new DimseError('connect', `${nameOfPeer(peer)} closed the connection at once`));
  socket.once('error', failed).once('close', closed);
  stop.addEventListener('abort', late, {once: true});
  if (stop.aborted) late();
  try {
    await connecting.promise;
    return socket;
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
  } finally {
    socket.off('error', failed).off('close', closed);
    stop.removeEventListener('abort', late);
  }
}

/** OpenSSL looks at keys and certificates before it connects. */
async function startTls(peer: Peer, tls: ConnectionOptions, connected: () => void): Promise<Socket> {
  const {connect: connectTls} = await import('node:tls');
  try {
    return connectTls({host: peer.host, port: peer.port, ...tls}, connected);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DimseError('connect', `the key or certificate for ${nameOfPeer(peer)} cannot be used: ${why}`, {cause});
  }
}

function associateRequest(request: AssociationRequest): AssociateRequest {
  const {
    peer,
    contexts,
    roles = [],
    asynchronousOperations = peer.asynchronousOperations ?? defaultAsynchronousOperations,
  } = request;
  if (contexts.length > maxContexts)
    throw new RangeError(`an association has at most ${maxContexts} presentation contexts`);
  return {
    kind: 'associate-request',
    protocolVersion: 1,
    calledAeTitle: peer.aeTitle,
    callingAeTitle: peer.callingAeTitle,
    applicationContext: applicationContextName,
    contexts: contexts.map((context, index) => ({id: index * 2 + 1, ...context})),
    user: {
      maxPduLength: defaultMaxPduLength,
      implementationClassUid,
      implementationVersion: implementationVersionName,
      roles,
      ...(asynchronousOperations === 1
        ? {}
        : {asynchronousOperations: {invoked: asynchronousOperations, performed: 1}}),
    },
  };
}

/** Accepted contexts by id. What the peer answers to something we did not propose is not believed. */
function acceptedContexts(wish: AssociateRequest, accept: AssociateAccept): Map<number, AcceptedContext> {
  const accepted = new Map<number, AcceptedContext>();
  for (const {id, result, transferSyntax} of accept.contexts) {
    const proposed = wish.contexts.find(context => context.id === id);
    if (result === contextResult.acceptance && proposed?.transferSyntaxes.includes(transferSyntax))
      accepted.set(id, {id, abstractSyntax: proposed.abstractSyntax, transferSyntax});
  }
  return accepted;
}

/** The longest P-DATA-TF to send a peer that announced this; 0 is no limit. Small values are the peer's own bad luck, not an error. */
export function sendLength(announced: number): number {
  return announced === 0 ? defaultMaxPduLength : Math.max(16, Math.min(announced, defaultMaxPduLength));
}

function windowOf(wish: AssociateRequest, accept: AssociateAccept): number {
  const asked = wish.user.asynchronousOperations?.invoked ?? 1;
  const granted = accept.user.asynchronousOperations?.invoked ?? 1;
  return granted === 0 ? asked : Math.min(asked, granted);
}

/** PS3.8 table 9-21. */
const rejectReasons: Record<string, string> = {
  '1.1': 'no reason given',
  '1.2': 'application context not supported',
  '1.3': 'calling AE title not recognised',
  '1.7': 'called AE title not recognised',
  '2.1': 'no reason given',
  '2.2': 'protocol version not supported',
  '3.1': 'temporary congestion',
  '3.2': 'local limit exceeded',
};

function rejected(peer: Peer, answer: AssociateReject): DimseError {
  const transient = answer.result === 2;
  const why = rejectReasons[`${answer.source}.${answer.reason}`] ?? `source ${answer.source}, reason ${answer.reason}`;
  return new DimseError(
    transient ? 'rejected-transient' : 'rejected-permanent',
    `${nameOfPeer(peer)} rejected the association of ${peer.callingAeTitle} ${transient ? 'for now' : 'for good'}: ${why}`,
    {source: answer.source, reason: answer.reason},
  );
}
