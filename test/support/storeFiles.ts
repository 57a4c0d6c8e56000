import {silentLog} from '@fiona/lib/cli/log';
import {storeInstances} from '@fiona/lib/dimse/storeScu';

/** What the receiver answered for one instance. */
export interface Stored {
  readonly kind: 'stored' | 'temporary' | 'final';
  readonly status: number | undefined;
}

export interface AeTitles {
  readonly calling?: string;
  readonly called?: string;
}

/** Sends files with C-STORE to a port of loopback; one answer each, in their order. */
export async function storeFiles(
  port: number,
  paths: readonly string[],
  {calling = 'MR1', called = 'FIONA'}: AeTitles = {},
): Promise<Stored[]> {
  const answers = new Map<string, Stored>();
  await storeInstances({
    peer: {host: '127.0.0.1', port, aeTitle: called, callingAeTitle: calling},
    instances: paths.map(path => ({path})),
    onResult: ({instance, kind, status}) => answers.set(instance.path, {kind, status}),
    log: silentLog,
  });
  return paths.map(path => answers.get(path) as Stored);
}
