import {existsSync, lstatSync, renameSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {Log} from '@fiona/lib/cli/log';
import {asUid} from '@fiona/lib/dicom/uid';
import {part10Header} from '@fiona/lib/dicom/write';
import type {Backlog} from '@fiona/lib/dimse/backlog';
import {createPartTenFile, type PartTenFile} from '@fiona/lib/dimse/partTenFile';
import {printable} from '@fiona/lib/dimse/peer';
import {
  type IncomingInstance,
  refuse,
  type StoreAnswer,
  type StoreHandler,
  type StoreSink,
} from '@fiona/lib/dimse/services';
import {errorCode, whyOf} from '@fiona/lib/fs/fileError';
import {cleanField} from '@fiona/lib/site/arrivalLine';
import type {JournalWriter} from '@fiona/lib/site/journalWriter';
import {archiveFolder, archiveRoot} from '@fiona/lib/site/layout';
import {ensureFolder, type SiteModes} from '@fiona/lib/site/modes';
import {filePrefixes} from './filePrefixTable.ts';
import {type FolderSync, sameContent} from './folderSync.ts';
import {type InstanceIdentity, identify, identifyFile} from './identify.ts';
import type {Durations} from './metrics.ts';
import type {SpaceWatch} from './spaceWatch.ts';
import {ownTemporary} from './temporaries.ts';
import type {Turns} from './turns.ts';

/** Where received instances go. */
export interface Archive {
  /** DATADIR. */
  readonly root: string;
  readonly modes: SiteModes;
  readonly journal: JournalWriter;
  readonly folders: FolderSync;
  /** Two associations may bring the same instance. */
  readonly turns: Turns;
  readonly space: SpaceWatch;
  readonly backlog: Backlog;
  /** False: success is answered before the disk has everything (`RECEIVER.durability`). */
  readonly durable: boolean;
  /** From the last byte of an instance to its answer. */
  readonly finishing: Durations;
  readonly log: Log;
}

/** C-STORE statuses this archive answers (PS3.4 B.2.3). */
const status = {success: 0x0000, outOfResources: 0xa700, mismatch: 0xa900, cannotUnderstand: 0xc000} as const;

/** The receiver's handler of C-STORE: each instance becomes one file of the archive and one line of the journal. */
export function archiveStore(archive: Archive): StoreHandler {
  return {
    begin(instance) {
      if (!archive.space.hasRoom) {
        tellFailure(archive, instance, noRoom);
        return refuse(status.outOfResources, noRoom);
      }
      if (isPlain(instance.sopClassUid) && isPlain(instance.sopInstanceUid)) return new ArchiveSink(archive, instance);
      tellRefusal(archive, instance, noUid);
      return refuse(status.cannotUnderstand, noUid);
    },
  };
}

const noUid = 'the UIDs of the command are none';

/** What can be written into a file as a UID; whether it is a valid one shows in the data set. */
function isPlain(uid: string): boolean {
  return /^[\x20-\x7e]*$/.test(uid);
}

function tellFailure({log}: Archive, {sopInstanceUid}: IncomingInstance, why: string): void {
  log.error(`cannot store ${printable(sopInstanceUid)}: ${why}`);
}

function tellRefusal({log}: Archive, {association}: IncomingInstance, why = 'refused'): void {
  const {callingAeTitle, address} = association;
  log.warn(`refused an instance of ${cleanField(callingAeTitle)} (${address}): ${why}`);
}

const noRoom = 'the disk is full but for its reserve';

/** An instance whose study has not shown itself in so many bytes goes to the disk before it is known where it belongs. */
const mostHeld = 1 << 18;

/** Where a complete instance belongs. */
interface Place {
  readonly folder: string;
  readonly name: string;
}

interface Received {
  readonly file: PartTenFile;
  readonly path: string;
  /** Undefined when the study is still to be found in the file. */
  readonly place: Place | undefined;
}

/**
 * Takes one instance: held in memory until its study is known, then written to a temporary name in the study's folder. Success
 * is answered only when file, name and journal line are durable; whatever fails before leaves nothing behind.
 */
class ArchiveSink implements StoreSink {
  readonly #archive: Archive;
  readonly #instance: IncomingInstance;
  readonly #header: Buffer;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #lookAt = 1;
  #refusal: StoreAnswer | undefined;
  #received: Received | undefined;

  constructor(archive: Archive, instance: IncomingInstance) {
    this.#archive = archive;
    this.#instance = instance;
    const {sopClassUid, sopInstanceUid, transferSyntaxUid, association} = instance;
    this.#header = part10Header({
      sopClassUid,
      sopInstanceUid,
      transferSyntaxUid,
      // Devices send any bytes as their title; in a file it is one value of the default repertoire.
      sourceAe: printable(association.callingAeTitle).replaceAll('\\', '_'),
    });
  }

  write(chunk: Buffer): void | Promise<void> {
    if (this.#refusal !== undefined) return;
    const {space} = this.#archive;
    space.take(chunk.length);
    if (!space.hasRoom) {
      tellFailure(this.#archive, this.#instance, noRoom);
      throw new Error(noRoom);
    }
    try {
      return this.#take(chunk);
    } catch (error) {
      tellFailure(this.#archive, this.#instance, whyOf(error));
      throw new Error(commentOf(error));
    }
  }

  #take(chunk: Buffer): void | Promise<void> {
    if (this.#received !== undefined) return this.#received.file.write(chunk);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    // Looking again only when the bytes have doubled keeps a long header linear.
    if (this.#heldBytes < this.#lookAt) return;
    this.#lookAt = this.#heldBytes * 2;
    this.#open(false);
  }

  async finish(): Promise<StoreAnswer> {
    const began = performance.now();
    try {
      if (this.#received === undefined && this.#refusal === undefined) this.#open(true);
      if (this.#received !== undefined) await this.#keep(this.#received);
      return this.#refusal ?? {status: status.success};
    } catch (error) {
      tellFailure(this.#archive, this.#instance, whyOf(error));
      await this.#received?.file.discard();
      return {status: status.outOfResources, comment: commentOf(error)};
    } finally {
      this.#archive.finishing.add((performance.now() - began) / 1000);
    }
  }

  async #keep({file, path, place: known}: Received): Promise<void> {
    await file.finish({durable: this.#archive.durable});
    const place = known ?? this.#placeOf(identifyFile(path));
    if (place !== undefined) await this.#archive.turns.take(join(place.folder, place.name), () => this.#enter(place));
    else await file.discard();
  }

  /**
   * Gives the complete file its name and announces it. The name and the line become durable at the same time: after a power cut
   * between the two the line may name a file that is not there, but then nobody was told of success.
   */
  async #enter({folder, name}: Place): Promise<void> {
    const temporary = this.#received?.path ?? '';
    const path = join(folder, name);
    const before = await earlier(path, temporary);
    if (before === 'other') {
      this.#archive.log.warn(`${this.#instance.sopInstanceUid} came again with other content, the new one replaces it`);
    }
    renameSync(temporary, path);
    const {callingAeTitle: caller, calledAeTitle: called, address: callerAddress} = this.#instance.association;
    const line = {caller, called, callerAddress, directory: folder, filename: name};
    const {durable, folders, journal} = this.#archive;
    const steps = await Promise.allSettled([durable ? folders.sync(folder) : undefined, journal.append(line)]);
    const failed = steps.find(step => step.status === 'rejected');
    if (failed === undefined) return;
    if (before === 'none') await rm(path, {force: true});
    throw failed.reason;
  }

  async abort(): Promise<void> {
    this.#held = [];
    await this.#received?.file.discard();
  }

  /** Opens the file as soon as the study is known, or so much has come that it cannot be held; `complete`: no more bytes will come. */
  #open(complete: boolean): void {
    const data = Buffer.concat(this.#held);
    const {transferSyntaxUid} = this.#instance;
    const found = identify({header: this.#header, transferSyntaxUid, data, complete});
    if (found === undefined && this.#heldBytes < mostHeld) return;
    const place = found && this.#placeOf(found);
    if (this.#refusal !== undefined) return;
    const {root, modes, backlog} = this.#archive;
    const path = join(place?.folder ?? archiveRoot(root), ownTemporary(place?.name ?? 'unfiled'));
    const {files, gid} = modes;
    this.#received = {path, place, file: createPartTenFile(path, this.#header, {files, gid}, backlog)};
    this.#received.file.write(data);
    this.#held = [];
  }

  /** Makes the study's folder. @returns undefined when the instance is refused */
  #placeOf(found: InstanceIdentity): Place | undefined {
    const study = asUid(found.studyInstanceUid ?? '');
    const sopInstance = asUid(found.sopInstanceUid ?? '');
    const problem = this.#problemOf(found);
    if (problem !== undefined || study === undefined || sopInstance === undefined) {
      this.#refuse(problem ?? {status: status.cannotUnderstand});
      return undefined;
    }
    const {root, modes, folders} = this.#archive;
    const folder = archiveFolder(root, study);
    // Made again it might lie on another disk: the one below a file system that was unmounted.
    if (!existsSync(archiveRoot(root))) throw new Error(`${archiveRoot(root)} is gone, is its disk mounted?`);
    if (ensureFolder(folder, modes.folders, modes)) folders.made(folder);
    return {folder, name: `${filePrefixes[this.#instance.sopClassUid] ?? 'UNKNOWN'}.${sopInstance}`};
  }

  #problemOf(found: InstanceIdentity): StoreAnswer | undefined {
    if (asUid(found.studyInstanceUid ?? '') === undefined) {
      return {status: status.cannotUnderstand, comment: 'no valid StudyInstanceUID in the data set'};
    }
    if (asUid(found.sopInstanceUid ?? '') === undefined) {
      return {status: status.cannotUnderstand, comment: 'no valid SOPInstanceUID in the data set'};
    }
    if (found.sopInstanceUid !== this.#instance.sopInstanceUid) {
      return {status: status.mismatch, comment: 'SOPInstanceUID differs from the command'};
    }
    if (found.sopClassUid !== this.#instance.sopClassUid) {
      return {status: status.mismatch, comment: 'SOPClassUID differs from the command'};
    }
    return undefined;
  }

  #refuse(refusal: StoreAnswer): void {
    this.#refusal = refusal;
    this.#held = [];
    tellRefusal(this.#archive, this.#instance, refusal.comment);
  }
}

/** What the sender is told: what the system said, but none of our paths. */
function commentOf(error: unknown): string {
  const code = errorCode(error instanceof Error ? (error.cause ?? error) : error);
  if (code === undefined) return 'cannot be stored now, the log of the receiver tells why';
  return whyOf(Object.assign(new Error(code), {code}));
}

/** What is there under this name already: an instance that was sent again, or another one that reuses its UID. */
async function earlier(path: string, temporary: string): Promise<'none' | 'same' | 'other'> {
  if (lstatSync(path, {throwIfNoEntry: false}) === undefined) return 'none';
  return (await sameContent(path, temporary)) ? 'same' : 'other';
}
