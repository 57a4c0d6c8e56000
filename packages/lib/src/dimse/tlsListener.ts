import {readFileSync, statSync} from 'node:fs';
import {createSecureContext, type TlsOptions} from 'node:tls';
import type {Log} from '../cli/log.ts';
import {readSecretBytes} from '../config/secrets.ts';
import {whyOf} from '../fs/fileError.ts';

/** The TLS block of a listener: paths of PEM files. */
export interface ListenerTlsBlock {
  readonly certFile: string;
  readonly keyFile: string;
  /** Clients must show a certificate of these authorities. */
  readonly caFile?: string | undefined;
  /** False: they are asked for one, but come in without. */
  readonly verify: boolean;
  readonly profile: TlsProfile;
}

/** Secure transport connection profiles of PS3.15: B.12 and B.13. */
export type TlsProfile = 'bcp195' | 'bcp195-modified';

const tls13 = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];

/** Both profiles want TLS 1.2 at least, forward secrecy and authenticated encryption; RFC 9325 4.2 names the first four. */
const ciphers: Record<TlsProfile, readonly string[]> = {
  bcp195: [
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
  ],
  'bcp195-modified': [
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
  ],
};

/**
 * Reads what a TLS server needs, and makes sure that it can be used.
 * @throws ConfigError when others may read the key; the error of reading a file; what OpenSSL has against its content
 */
export function listenerTlsOptions({certFile, keyFile, caFile, verify, profile}: ListenerTlsBlock): TlsOptions {
  const options: TlsOptions = {
    cert: readFileSync(certFile),
    key: readSecretBytes(keyFile, 'RECEIVER.tls.keyFile'),
    ...(caFile !== undefined && {ca: readFileSync(caFile), requestCert: true, rejectUnauthorized: verify}),
    minVersion: 'TLSv1.2',
    ciphers: [...tls13, ...ciphers[profile]].join(':'),
    honorCipherOrder: true,
  };
  createSecureContext(options);
  return options;
}

export interface TlsWatchOptions {
  block: ListenerTlsBlock;
  /** Takes the new certificates over. */
  renew(options: TlsOptions): void;
  log: Log;
  /** Time between two looks at the files. */
  everyMs: number;
}

/**
 * Looks at the certificate files now and then and takes over what changed. What cannot be used (half copied, key of another certificate) is
 * said once, and the old certificates stay until the files change again.
 */
export function watchTlsFiles({block, renew, log, everyMs}: TlsWatchOptions): {look(): void; stop(): void} {
  let known = stampOf(block);
  const look = (): void => {
    const stamp = stampOf(block);
    if (stamp === known) return;
    known = stamp;
    try {
      renew(listenerTlsOptions(block));
      log.info(`TLS: certificate taken over from ${block.certFile}`);
    } catch (error) {
      log.error(`TLS: the new certificate files cannot be used, the old ones stay in use: ${whyOf(error)}`);
    }
  };
  const timer = setInterval(look, everyMs).unref();
  return {look, stop: () => clearInterval(timer)};
}

/** Changes with each of the files, also when a link in its path leads somewhere else. */
function stampOf({certFile, keyFile, caFile}: ListenerTlsBlock): string {
  return [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])]
    .map(path => {
      try {
        const {dev, ino, size, ctimeNs} = statSync(path, {bigint: true});
        return `${dev}.${ino}.${size}.${ctimeNs}`;
      } catch (error) {
        return String(error);
      }
    })
    .join(' ');
}
