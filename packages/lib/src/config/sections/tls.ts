import * as z from 'zod/mini';
import {block, key, keyWithDefault} from '../key.ts';
import {absolutePath, host, port, singleChoice, yesOrNo} from '../value.ts';

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
  [
    z.literal(false),
    block({
      ...clientTls,
      caFile: key(absolutePath, 'whose certificates clients must show (PEM)', '', 'clients need no certificate'),
      verify: keyWithDefault(
        yesOrNo,
        true,
        '`false` lets clients in without the certificate and warns on every run',
        '',
      ),
      profile: keyWithDefault(
        singleChoice('bcp195', 'bcp195-modified'),
        'bcp195',
        'TLS 1.2 and 1.3 as PS3.15 B.12 (BCP 195 RFC 8996, 9325) or B.13 (Modified) want it',
        '',
      ),
      port: key(port, 'port of the TLS listener', '', 'required'),
    }),
  ],
  either,
);
