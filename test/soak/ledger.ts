import {readdirSync, readFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {asUid, type Uid} from '@fiona/lib/dicom/uid';
import {readInstanceFacts} from '@fiona/lib/dimse/instanceFile';
import {parseArrivalLine} from '@fiona/lib/site/arrivalLine';
import {listSegments, segmentPath} from '@fiona/lib/site/journalSegments';
import {archiveFolder, rawStudy} from '@fiona/lib/site/layout';
import {type Gateway, indexCaughtUp} from '../bench/gateway.ts';
import type {Instances} from '../bench/instances.ts';
import type {Workspace} from '../bench/workspace.ts';
import type {Sent} from './senders.ts';

/** Every number must be the same in the end, and there must be no problem. */
export interface Account {
  /** Instances that were answered with success, by the receiver's own counters. */
  readonly answered: number;
  /** Of these the senders heard; the others were killed or cut off before. */
  readonly heard: number;
  /** Files of the archive with the bytes that were sent. */
  readonly files: number;
  /** Lines of the journal. */
  readonly lines: number;
  /** Links of the index. */
  readonly indexed: number;
  readonly problems: readonly string[];
}

/** Holds what was answered against what is on the disk, study by study, so that a long run does not fill it. */
export class Ledger {
  readonly #workspace: Workspace;
  readonly #gateway: Gateway;
  readonly #stored = new Set<string>();
  readonly #problems: string[] = [];
  #heard = 0;
  #indexed = 0;

  constructor(workspace: Workspace, gateway: Gateway) {
    this.#workspace = workspace;
    this.#gateway = gateway;
  }

  /** Checks a study of which nothing more will come, once it is indexed, and removes it. */
  async close({folder, paths, studyInstanceUid}: Instances, {answered, whole}: Sent): Promise<void> {
    await indexCaughtUp(this.#gateway);
    const {dataDir} = this.#gateway;
    const study = uid(studyInstanceUid);
    const archive = archiveFolder(dataDir, study);
    const names = new Set(namesIn(archive));
    for (const path of paths) {
      const name = `CT.${basename(path)}`;
      if (names.delete(name)) this.#keep(path, join(archive, name));
      else if (whole || answered.has(path)) this.#problems.push(`lost: ${name}`);
    }
    this.#problems.push(...[...names].map(name => `left over: ${name}`));
    this.#heard += answered.size;
    this.#indexed += linksBelow(rawStudy(dataDir, study));
    for (const done of [folder, archive, rawStudy(dataDir, study)]) this.#workspace.remove(done);
  }

  #keep(sent: string, stored: string): void {
    if (!dataSetOf(sent).equals(dataSetOf(stored))) this.#problems.push(`other bytes: ${stored}`);
    this.#stored.add(stored);
  }

  /** The whole account, when the receiver has ended. */
  async total(): Promise<Account> {
    const lines = await this.#journalLines();
    const announced = new Set(lines);
    const missing = [...this.#stored].filter(path => !announced.has(path)).map(path => `not announced: ${path}`);
    const twice =
      lines.length === announced.size ? [] : [`${lines.length - announced.size} lines of the journal are doubled`];
    const surplus = [...announced].filter(path => !this.#stored.has(path)).map(path => `announced, not there: ${path}`);
    const counts = {
      answered: answeredWithSuccess(this.#gateway),
      files: this.#stored.size,
      lines: lines.length,
      indexed: this.#indexed,
    };
    const differ = new Set(Object.values(counts)).size > 1 ? [`the numbers differ: ${JSON.stringify(counts)}`] : [];
    return {...counts, heard: this.#heard, problems: [...this.#problems, ...missing, ...twice, ...surplus, ...differ]};
  }

  async #journalLines(): Promise<string[]> {
    const {dataDir} = this.#gateway;
    const texts = (await listSegments(dataDir)).map(segment => readFileSync(segmentPath(dataDir, segment), 'utf8'));
    const lines = texts.flatMap(text => text.split('\n').filter(line => line !== ''));
    return lines.map(parseArrivalLine).map(({directory, filename}) => join(directory, filename));
  }
}

function uid(text: string): Uid {
  const valid = asUid(text);
  if (valid === undefined) throw new Error(`${text} is no UID`);
  return valid;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // nothing of the study came before its sender was killed
    return [];
  }
}

function linksBelow(folder: string): number {
  try {
    return readdirSync(folder, {recursive: true, withFileTypes: true}).filter(entry => entry.isSymbolicLink()).length;
  } catch {
    return 0;
  }
}

function dataSetOf(path: string): Buffer {
  return readFileSync(path).subarray(readInstanceFacts(path).dataSetOffset);
}

function answeredWithSuccess({serverDir}: Gateway): number {
  const counters = readFileSync(join(serverDir, 'logs/storescpdABCD.prom'), 'utf8');
  return Number(/^fiona_receiver_instances_total\{status="0000"\} (\d+)$/m.exec(counters)?.[1] ?? 0);
}
