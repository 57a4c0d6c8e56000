import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {startPacs} from '../../../sandbox/src/pacs/startPacs.ts';
import {silentLog} from '../../src/cli/log.ts';
import {DicomError} from '../../src/dicom/dicomError.ts';
import {decodeCommitmentReport, encodeCommitmentReport} from '../../src/dimse/commitment.ts';
import {listenForCommitments, requestCommitment} from '../../src/dimse/commitmentScu.ts';
import {openAssociation} from '../../src/dimse/requestor.ts';
import {statusError} from '../../src/dimse/status.ts';
import {storeInstances} from '../../src/dimse/storeScu.ts';
import {storageCommitment} from '../../src/dimse/uids.ts';
import {
  ctImageStorage,
  eventually,
  explicitUid,
  onCleanup,
  peerAt,
  runningReceiver,
  temporaryFolder,
  writeSamples,
} from './helpers.ts';
import {runningOrthanc} from './runningOrthanc.ts';

const log = silentLog;
const refer = (instances: {sopInstanceUid: string}[]) =>
  instances.map(({sopInstanceUid}) => ({sopClassUid: ctImageStorage, sopInstanceUid}));

async function listener() {
  const listening = await listenForCommitments({host: '127.0.0.1', port: 0, log});
  onCleanup(() => listening.close());
  return listening;
}

async function sandboxPacs(known: Record<string, number> = {}, ...faults: string[]) {
  const pacs = await startPacs({
    dir: join(temporaryFolder(), 'pacs'),
    port: 0,
    moveTo: Object.fromEntries(Object.entries(known).map(([name, port]) => [name, {host: '127.0.0.1', port}])),
    faults: {take: operation => (operation === 'commit' ? faults.shift() : undefined)},
    log,
  });
  onCleanup(() => pacs.close(0));
  return peerAt(pacs.port, {callingAeTitle: 'OURS'});
}

describe('storage commitment of the embedded PACS', () => {
  it('is reported on the same association', async () => {
    const peer = await sandboxPacs();
    const instances = writeSamples(5);
    await storeInstances({peer, instances, log});
    expect(await requestCommitment({peer, references: refer(instances), log})).toEqual([]);
  });

  it('is reported on an association to us', async () => {
    const listening = await listener();
    const peer = await sandboxPacs({OURS: listening.port});
    const instances = writeSamples(5);
    await storeInstances({peer, instances, log});
    const all = await Promise.all([
      requestCommitment({peer, references: refer(instances), listener: listening, log}),
      requestCommitment({peer, references: refer(instances.slice(2)), listener: listening, log}),
    ]);
    expect(all).toEqual([[], []]);
  });

  it('names what it does not keep, and why', async () => {
    const peer = await sandboxPacs({}, 'dropInstances:1');
    const instances = writeSamples(3);
    await storeInstances({peer, instances: instances.slice(1), log});
    const references = [...refer(instances), {sopClassUid: '1.2.840.10008.5.1.4.1.1.4', sopInstanceUid: '9.9'}];
    const wrongClass = {...references[1], sopClassUid: '1.2.840.10008.5.1.4.1.1.4'};
    const asked = references.map((each, index) => (index === 1 ? {...each, ...wrongClass} : each));
    expect(await requestCommitment({peer, references: asked, log})).toEqual([
      {...asked[0], reason: 0x0112},
      {...asked[1], reason: 0x0119},
      {...asked[3], reason: 0x0112},
    ]);
  });

  it('of more instances than fit into one request is asked for in several', async () => {
    const peer = await sandboxPacs();
    const references = Array.from({length: 4100}, (_, index) => ({
      sopClassUid: ctImageStorage,
      sopInstanceUid: `1.2.826.0.1.3680043.8.498.12406831542731051035295345080.${index}`,
    }));
    expect(await requestCommitment({peer, references, log})).toHaveLength(4100);
  });

  it('that comes too late, is refused or breaks off is an error, not a success', async () => {
    const peer = await sandboxPacs({}, 'delay:5000', 'status:0110', 'abort');
    const references = refer(writeSamples(1));
    await expect(requestCommitment({peer, references, timeoutMs: 200, log})).rejects.toMatchObject({
      failure: 'timeout',
    });
    await expect(requestCommitment({peer, references, log})).rejects.toMatchObject({failure: 'status', status: 0x0110});
    await expect(requestCommitment({peer, references, log})).rejects.toMatchObject({failure: 'aborted'});
  });
});

describe('what is said about a storage commitment', () => {
  it('of any bytes is understood or a DicomError', () => {
    const report = {transactionUid: '2.25.1', committed: [{sopClassUid: '1.2', sopInstanceUid: '1.3'}], failed: []};
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), {maxLength: 5}),
        fc.nat(),
        fc.boolean(),
        (changes, cut, whole) => {
          const bytes = encodeCommitmentReport(report, explicitUid);
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          try {
            decodeCommitmentReport(whole ? bytes : bytes.subarray(0, cut % bytes.length), explicitUid);
          } catch (error) {
            if (!(error instanceof DicomError)) throw error;
          }
        },
      ),
      {numRuns: 1000},
    );
  });

  it('in garbage is refused, and the association lives on', async () => {
    const receiver = await runningReceiver({services: {commit: () => () => {}, committed() {}}});
    const {association} = await openAssociation({
      peer: receiver.peer,
      contexts: [{abstractSyntax: storageCommitment.sopClass, transferSyntaxes: [explicitUid]}],
    });
    const request = (field: number, messageId: number) => ({
      commandField: field,
      requestedSopClassUid: storageCommitment.sopClass,
      messageId,
      hasDataSet: true,
    });
    for (const [messageId, field] of [0x0130, 0x0100, 0x0130].entries())
      expect(await association.call(1, request(field, messageId + 1), Buffer.from('garbage'))).toMatchObject({
        status: 0x0115,
      });
    expect(await association.call(1, {...request(0x0130, 9), hasDataSet: false})).toMatchObject({status: 0x0211});
    expect(await association.call(1, request(0x0140, 10), Buffer.from('create?'))).toMatchObject({status: 0x0211});
    await association.release();
  });
});

describe('an archive that', () => {
  it('serves no storage commitment is named', async () => {
    const receiver = await runningReceiver();
    await expect(
      requestCommitment({peer: receiver.peer, references: refer(writeSamples(1)), log}),
    ).rejects.toMatchObject({
      failure: 'context',
      message: expect.stringMatching(/does not serve storage commitment/),
    });
  });

  it('does not mention an instance has not vouched for it', async () => {
    const receiver = await runningReceiver({
      services: {
        commit:
          ({transactionUid, references, report}) =>
          () =>
            void report({transactionUid, committed: references.slice(1), failed: []}),
      },
    });
    const references = refer(writeSamples(2));
    expect(await requestCommitment({peer: receiver.peer, references, log})).toEqual([
      {...references[0], reason: undefined},
    ]);
  });

  it('reports another transaction is not believed', async () => {
    const receiver = await runningReceiver({
      services: {
        commit:
          ({references, report}) =>
          () =>
            void report({transactionUid: '1.2.3', committed: references, failed: []}),
      },
    });
    const asking = requestCommitment({peer: receiver.peer, references: refer(writeSamples(1)), timeoutMs: 200, log});
    await expect(asking).rejects.toMatchObject({failure: 'timeout'});
  });

  it('releases the association and never calls is not waited for when nobody listens', async () => {
    const receiver = await runningReceiver({
      services: {
        commit:
          ({association}) =>
          () =>
            void setTimeout(() => association.abort('restarts'), 20),
      },
    });
    const asking = requestCommitment({peer: receiver.peer, references: refer(writeSamples(1)), log});
    await expect(asking).rejects.toMatchObject({failure: 'closed'});
  });

  it('is busy says so', async () => {
    const receiver = await runningReceiver({
      services: {
        commit() {
          throw statusError(0x0213, 'too many');
        },
      },
    });
    const asking = requestCommitment({peer: receiver.peer, references: refer(writeSamples(1)), log});
    await expect(asking).rejects.toMatchObject({failure: 'status', status: 0x0213});
  });

  it('takes its time, or never reports, has the time it was given', async () => {
    const slow = await runningReceiver({
      services: {
        commit:
          ({transactionUid, references, report}) =>
          () =>
            void setTimeout(() => report({transactionUid, committed: references, failed: []}), 400),
      },
    });
    const references = refer(writeSamples(1));
    const peer = {...slow.peer, responseTimeoutMs: 100};
    expect(await requestCommitment({peer, references, log})).toEqual([]);
    const deaf = await runningReceiver({services: {commit: () => () => {}}});
    const begun = performance.now();
    const asking = requestCommitment({peer: deaf.peer, references, timeoutMs: 200, log});
    await expect(asking).rejects.toMatchObject({failure: 'timeout'});
    expect(performance.now() - begun).toBeLessThan(5000);
    await eventually(() => deaf.receiver.openAssociations === 0);
  });

  it('is not waited for any longer when we are told to stop', async () => {
    const asked = Promise.withResolvers<void>();
    const receiver = await runningReceiver({services: {commit: () => asked.resolve}});
    const stop = new AbortController();
    const references = refer(writeSamples(1));
    const asking = requestCommitment({peer: receiver.peer, references, signal: stop.signal, log});
    asked.promise.then(() => stop.abort());
    await expect(asking).rejects.toMatchObject({failure: 'cancelled'});
  });
});

describe('Orthanc', () => {
  it('vouches for what it has, on an association to us, and names what it has not', async () => {
    const listening = await listener();
    const {peer} = await runningOrthanc({OURS: listening.port});
    const instances = writeSamples(6);
    await storeInstances({peer, instances: instances.slice(1), log});
    const references = refer(instances);
    expect(await requestCommitment({peer, references: references.slice(1), listener: listening, log})).toEqual([]);
    expect(await requestCommitment({peer, references, listener: listening, log})).toEqual([
      {...references[0], reason: 0x0112},
    ]);
  });
});
