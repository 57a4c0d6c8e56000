import {readFileSync} from 'node:fs';
import type {ConnectionOptions} from 'node:tls';
import {ConfigError} from '../config/configError.ts';
import {readSecretBytes} from '../config/secrets.ts';
import {whyOf} from '../fs/fileError.ts';

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
 * @param key the configuration key of the block, for the message
 * @throws ConfigError when a file cannot be read, or others may read the key
 */
export function tlsOptions({caFile, certFile, keyFile, serverName, verify}: TlsBlock, key: string): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: verify !== false,
    ...(caFile !== undefined && {ca: readPem(caFile, `${key}.caFile`)}),
    ...(certFile !== undefined && {cert: readPem(certFile, `${key}.certFile`)}),
    ...(keyFile !== undefined && {key: readSecretBytes(keyFile, `${key}.keyFile`)}),
    ...(serverName !== undefined && {servername: serverName}),
  };
}

function readPem(path: string, key: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigError(`${key}: ${path} cannot be read: ${whyOf(error)}`);
  }
}
