import {X509Certificate} from 'node:crypto';
import {readFileSync} from 'node:fs';
import type {Log} from '@fiona/lib/cli/log';
import {ConfigError} from '@fiona/lib/config/configError';
import type {Config} from '@fiona/lib/config/load';
import type {Receiver} from '@fiona/lib/dimse/receiver';
import {type ListenerTlsBlock, listenerTlsOptions, watchTlsFiles} from '@fiona/lib/dimse/tlsListener';
import {whyOf} from '@fiona/lib/fs/fileError';

/** The second port of the receiver. */
export interface TlsPort {
  readonly port: number;
  /** End of the certificate in use, Unix time in seconds. */
  certificateEnd(): number;
  /** Looks at the certificate files now. */
  look(): void;
  stop(): void;
}

const lookAtFilesMs = 5000;
const soonDays = 30;

/**
 * Opens the TLS listener of the configuration and follows its certificate files. Resolves to undefined when none is configured.
 * @throws ConfigError when the files cannot be used; the error of listening
 */
export async function openTlsPort(receiver: Receiver, {RECEIVER}: Config, log: Log): Promise<TlsPort | undefined> {
  const {tls, listenAddress: host} = RECEIVER;
  if (tls === false || tls.port === undefined || tls.certFile === undefined || tls.keyFile === undefined) {
    return undefined;
  }
  const {certFile, keyFile, caFile, verify, profile} = tls;
  const block: ListenerTlsBlock = {certFile, keyFile, caFile, verify, profile};
  const listener = await receiver.listen({host, port: tls.port, tls: usable(block)});
  let end = endOf(certFile, log);
  const {look, stop} = watchTlsFiles({
    block,
    everyMs: lookAtFilesMs,
    log,
    renew(options) {
      listener.renew(options);
      end = endOf(certFile, log);
    },
  });
  const clients =
    caFile === undefined ? 'any client' : verify ? 'clients with a certificate' : 'clients without one too';
  log.info(`TLS port ${listener.port}, profile ${profile}, for ${clients}`);
  return {port: listener.port, certificateEnd: () => end, look, stop};
}

function usable(block: ListenerTlsBlock) {
  try {
    return listenerTlsOptions(block);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`RECEIVER.tls: the certificate files cannot be used: ${whyOf(error)}`);
  }
}

function endOf(certFile: string, log: Log): number {
  const end = Date.parse(new X509Certificate(readFileSync(certFile)).validTo);
  const days = Math.floor((end - Date.now()) / 86_400_000);
  if (days < soonDays) {
    log.warn(
      days < 0 ? `TLS: the certificate ${certFile} has ended` : `TLS: the certificate ${certFile} ends in ${days} days`,
    );
  }
  return Math.round(end / 1000);
}
