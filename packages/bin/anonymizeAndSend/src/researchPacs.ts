import type {Config} from '@fiona/lib/config/load';
import type {Peer} from '@fiona/lib/dimse/peer';
import {tlsOptions} from '@fiona/lib/dimse/tlsOptions';

/** The failed sending as a program call of its own, as it used to be. */
export function storescuCommand({RESEARCH_PACS: {storage}}: Config): string[] {
  return [
    'storescu',
    '-aec',
    storage.aeTitle,
    '-aet',
    storage.callingAeTitle,
    String(storage.host),
    String(storage.port),
  ];
}

/** Where the de-identified instances go. */
export function researchPacs({RESEARCH_PACS}: Config): Peer {
  const {storage, connectTimeoutSeconds, responseTimeoutSeconds} = RESEARCH_PACS;
  return {
    host: storage.host ?? '',
    port: storage.port ?? 0,
    aeTitle: storage.aeTitle,
    callingAeTitle: storage.callingAeTitle,
    ...(storage.tls !== false && {tls: tlsOptions(storage.tls, 'RESEARCH_PACS.storage.tls')}),
    connectTimeoutMs: connectTimeoutSeconds * 1000,
    responseTimeoutMs: responseTimeoutSeconds * 1000,
  };
}
