import * as z from 'zod/mini';
import {block, key, keyWithDefault} from '../key.ts';
import {absolutePath, host, port, yesOrNo} from '../value.ts';

const clientTls = {
  caFile: key(absolutePath, 'certificates we trust (PEM)', '', 'those of the system'),
  certFile: key(absolutePath, 'own certificate (PEM)', ''),
  keyFile: key(absolutePath, 'key of the own certificate (secret file)', ''),
  serverName: key(host, 'name expected in the certificate', '', 'the host'),
  verify: keyWithDefault(yesOrNo, true, '`false` switches verification off and warns on every run', ''),
};

const either = {error: 'false or an object (TLS block)'};

/** `false`, or the TLS block of an endpoint we call. */
export const tls = z.union([z.literal(false), block(clientTls)], either);

/** `false`, or the TLS block of the receiver's second listener. */
export const listenerTls = z.union(
  [z.literal(false), block({...clientTls, port: key(port, 'port of the TLS listener', '', 'required')})],
  either,
);
