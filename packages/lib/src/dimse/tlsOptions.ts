import {readFileSync} from 'node:fs';
import type {ConnectionOptions} from 'node:tls';

/** A TLS block of the configuration: paths of PEM files. */
export interface TlsBlock {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly serverName?: string | undefined;
  readonly verify?: boolean | undefined;
}

/**
 * What `node:tls` needs for a connection, TLS 1.2 or newer (BCP 195). The peer's certificate is verified unless the block says
 * `verify: false`; the configuration warns of that on every run.
 * @throws the error of reading a file
 */
export function tlsOptions({caFile, certFile, keyFile, serverName, verify}: TlsBlock): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: verify !== false,
    ...(caFile !== undefined && {ca: readFileSync(caFile)}),
    ...(certFile !== undefined && {cert: readFileSync(certFile)}),
    ...(keyFile !== undefined && {key: readFileSync(keyFile)}),
    ...(serverName !== undefined && {servername: serverName}),
  };
}
