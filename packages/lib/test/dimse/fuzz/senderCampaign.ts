import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {silentLog} from '../../../src/cli/log.ts';
import {explicitLittleEndian} from '../../../src/dicom/transferSyntax.ts';
import {encodeDataSet, part10Header, textElement} from '../../../src/dicom/write.ts';
import {commandField} from '../../../src/dimse/commandSet.ts';
import {encodePdu} from '../../../src/dimse/pduWriter.ts';
import {classifyStoreStatus} from '../../../src/dimse/status.ts';
import {storeInstances} from '../../../src/dimse/storeScu.ts';
import {Random} from './random.ts';
import {type PlainMessage, plainMessages} from './reference.ts';
import {type HostileStream, hostile, message, sopClass} from './streams.ts';

export interface SenderResult {
  /** Instances the sender called stored, each one with an answer of the peer that says so. */
  stored: number;
  faults: string[];
}

const instances = 3;
const transferSyntaxUid = '1.2.840.10008.1.2.1';

/** What a peer might answer to a call for an association and three C-STOREs. */
function answers(random: Random): Buffer[] {
  const accept = encodePdu({
    kind: 'associate-accept',
    calledAeTitle: 'PACS',
    callingAeTitle: 'FUZZ',
    contexts: [{id: 1, result: random.chance(8) ? 3 : 0, transferSyntax: transferSyntaxUid}],
    user: {maxPduLength: random.of([0, 16384]), roles: [], asynchronousOperations: {invoked: 16, performed: 1}},
  });
  const pdus = [accept];
  for (let messageId = 2; messageId < 2 + instances; messageId++) {
    const answer = {
      commandField: commandField.storeResponse,
      affectedSopClassUid: sopClass,
      messageIdRespondedTo: messageId,
      status: random.of([0, 0, 0, 0xb000, 0xa700, 0xc000, 0x0110]),
      hasDataSet: random.chance(15),
    };
    pdus.push(...message(random, 1, answer, answer.hasDataSet ? Buffer.alloc(20) : undefined));
  }
  pdus.push(encodePdu({kind: 'release-response'}));
  return pdus;
}

/** Calls a peer that answers with streams of bytes from fixed seeds: each run must end in time, with an honest result. */
export async function attackSender({streams, seed}: {streams: number; seed: number}): Promise<SenderResult> {
  const folder = mkdtempSync(join(tmpdir(), 'dimse-fuzz-'));
  const files = Array.from({length: instances}, (_, index) => ({path: sample(folder, `1.2.3.${index}`)}));
  const result: SenderResult = {stored: 0, faults: []};
  let next = 0;
  const worker = async () => {
    while (next < streams) {
      const number = next++;
      const stream = hostile(new Random(seed + number), answers);
      const {port, close} = await answering(stream);
      const began = performance.now();
      const {stored, temporary, final} = await storeInstances({
        peer: {
          host: '127.0.0.1',
          port,
          aeTitle: 'PACS',
          callingAeTitle: 'FUZZ',
          responseTimeoutMs: 200,
          connectTimeoutMs: 2000,
        },
        instances: files,
        log: silentLog,
      });
      close();
      const took = performance.now() - began;
      if (took > 15_000) result.faults.push(`stream ${number}: took ${took.toFixed(0)} ms`);
      if (stored + temporary + final !== instances)
        result.faults.push(`stream ${number}: not every instance has its end`);
      const promised = plainMessages(Buffer.concat([stream.entry, stream.rest])).filter(saysStored).length;
      if (stored > promised) result.faults.push(`stream ${number}: ${stored} called stored, ${promised} answered so`);
      result.stored += stored;
    }
  };
  await Promise.all(Array.from({length: 64}, worker));
  rmSync(folder, {recursive: true});
  return result;
}

function saysStored({command}: PlainMessage): boolean {
  const status = command.get(0x0900);
  return status !== undefined && status.length >= 2 && classifyStoreStatus(status.readUInt16LE(0)) === 'stored';
}

function sample(folder: string, sopInstanceUid: string): string {
  const path = join(folder, sopInstanceUid);
  const elements = [textElement(0x00080016, 'UI', sopClass), textElement(0x00080018, 'UI', sopInstanceUid)];
  const header = part10Header({sopClassUid: sopClass, sopInstanceUid, transferSyntaxUid});
  writeFileSync(path, Buffer.concat([header, encodeDataSet(elements, explicitLittleEndian)]));
  return path;
}

/** A peer for one association: sends the entry when called, the rest when the first request comes. */
async function answering({entry, rest}: HostileStream): Promise<{port: number; close(): void}> {
  const server = createServer(socket => {
    let heard = 0;
    socket.on('error', () => {});
    socket.on('data', () => {
      heard++;
      if (heard === 1) socket.write(entry);
      else if (heard === 2) socket.end(rest);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {port: (server.address() as {port: number}).port, close: () => server.close()};
}
