import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {startPacs} from '../../../sandbox/src/pacs/startPacs.ts';
import {silentLog} from '../../src/cli/log.ts';
import {text} from '../../src/dicom/values.ts';
import {decodeIdentifier, encodeIdentifier} from '../../src/dimse/identifier.ts';
import {missingByQuery} from '../../src/dimse/queryProof.ts';
import type {QueryRequest} from '../../src/dimse/services.ts';
import {statusError} from '../../src/dimse/status.ts';
import {storeInstances} from '../../src/dimse/storeScu.ts';
import {ctImageStorage, onCleanup, peerAt, runningReceiver, temporaryFolder, writeSamples} from './helpers.ts';

const sopInstance = 0x00080018;

/** Instances in two series, as they were sent. */
function sent(count: number) {
  return [1, 2].flatMap(number => {
    const seriesInstanceUid = `1.2.3.4.${number}`;
    return writeSamples(count, {studyUid: '1.2.3.4', seriesUid: seriesInstanceUid}).map(each => ({
      ...each,
      sopClassUid: ctImageStorage,
      studyInstanceUid: '1.2.3.4',
      seriesInstanceUid,
    }));
  });
}

/** An archive that answers queries for its instances as told. */
async function archive(answer: (wanted: string[], round: number) => string[]) {
  let round = 0;
  const asked: string[][] = [];
  const {peer} = await runningReceiver({
    services: {
      async *find({identifier, transferSyntaxUid}: QueryRequest) {
        const wanted = (text(decodeIdentifier(identifier, transferSyntaxUid), sopInstance) ?? '')
          .split('\\')
          .filter(uid => uid);
        asked.push(wanted);
        for (const uid of answer(wanted, round++))
          yield encodeIdentifier('IMAGE', new Map([[sopInstance, uid]]), transferSyntaxUid);
      },
    },
  });
  return {peer, asked};
}

describe('the question what an archive knows', () => {
  it('is answered by the embedded PACS, however few matches it gives at a time', async () => {
    const faults = ['cap:2', 'capStatus:1:A700'];
    const pacs = await startPacs({
      dir: join(temporaryFolder(), 'pacs'),
      port: 0,
      faults: {take: operation => (operation === 'find' ? faults.shift() : undefined)},
      log: silentLog,
    });
    onCleanup(() => pacs.close(0));
    const peer = peerAt(pacs.port);
    const instances = sent(60);
    await storeInstances({peer, instances: instances.slice(1), log: silentLog});
    expect(await missingByQuery({peer, instances, timeoutMs: 100})).toEqual([instances[0]]);
  });

  it('is asked again while the archive still indexes', async () => {
    const instances = sent(3);
    const all = instances.map(each => each.sopInstanceUid);
    const {peer, asked} = await archive((_, round) => (round < 4 ? all.slice(0, round) : all));
    expect(await missingByQuery({peer, instances})).toEqual([]);
    expect(asked.length).toBeGreaterThan(4);
  });

  it('names instances one by one to an archive that knows no lists', async () => {
    const instances = sent(5);
    const all = instances.map(each => each.sopInstanceUid);
    const {peer} = await archive(wanted => (wanted.length === 1 && wanted[0] !== all[0] ? wanted : []));
    expect(await missingByQuery({peer, instances, timeoutMs: 1})).toEqual([instances[0]]);
  });

  it('does not take what was not asked about, or another instance, for an answer', async () => {
    const instances = sent(2);
    const {peer} = await archive(() => ['1.2.3', '']);
    expect(await missingByQuery({peer, instances, timeoutMs: 1})).toEqual(instances);
  });

  it('that is refused throughout, or cancelled, is an error', async () => {
    const {peer} = await runningReceiver({
      services: {
        find() {
          throw statusError(0xa900, 'no');
        },
      },
    });
    const instances = sent(1);
    await expect(missingByQuery({peer, instances})).rejects.toMatchObject({failure: 'status', status: 0xa900});
    const deaf = await archive(() => []);
    const stop = new AbortController();
    const asking = missingByQuery({peer: deaf.peer, instances, signal: stop.signal});
    setTimeout(() => stop.abort(), 100);
    await expect(asking).rejects.toMatchObject({failure: 'cancelled'});
  });
});
