import {lstatSync, renameSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {Log} from '@fiona/lib/cli/log';
import {asUid, type Uid} from '@fiona/lib/dicom/uid';
import {part10Header} from '@fiona/lib/dicom/write';
import {createPartTenFile, type PartTenFile} from '@fiona/lib/dimse/partTenFile';
import type {IncomingInstance, StoreAnswer, StoreHandler, StoreSink} from '@fiona/lib/dimse/services';
import {whyOf} from '@fiona/lib/fs/fileError';
import {cleanField} from '@fiona/lib/site/arrivalLine';
import type {JournalWriter} from '@fiona/lib/site/journalWriter';
import {archiveFolder} from '@fiona/lib/site/layout';
import {ensureFolder, type SiteModes} from '@fiona/lib/site/modes';
import {filePrefixes} from './filePrefixTable.ts';
import {type FolderSync, sameContent} from './folderSync.ts';
import {identify} from './identify.ts';

/** Where received instances go. */
export interface Archive {
  /** DATADIR. */
  readonly root: string;
  readonly modes: SiteModes;
  readonly journal: JournalWriter;
  readonly folders: FolderSync;
  readonly log: Log;
}

/** C-STORE statuses this archive answers (PS3.4 B.2.3). */
const status = {success: 0x0000, outOfResources: 0xa700, mismatch: 0xa900, cannotUnderstand: 0xc000} as const;

/** The receiver's handler of C-STORE: each instance becomes one file of the archive and one line of the journal. */
export function archiveStore(archive: Archive): StoreHandler {
  return {begin: instance => new ArchiveSink(archive, instance)};
}

/** Tells the temporary files of this process apart; those of an earlier one with the same number were made at another time. */
const startedAt = Date.now().toString(36);
let temporaries = 0;

interface Target {
  readonly folder: string;
  readonly name: string;
  readonly temporary: string;
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
  #target: Target | undefined;
  #file: PartTenFile | undefined;

  constructor(archive: Archive, instance: IncomingInstance) {
    this.#archive = archive;
    this.#instance = instance;
    const {sopClassUid, sopInstanceUid, transferSyntaxUid, association} = instance;
    this.#header = part10Header({
      sopClassUid,
      sopInstanceUid,
      transferSyntaxUid,
      sourceAe: association.callingAeTitle,
    });
  }

  write(chunk: Buffer): void | Promise<void> {
    if (this.#refusal !== undefined) return;
    if (this.#file !== undefined) return this.#file.write(chunk);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    // Looking again only when the bytes have doubled keeps a long header linear.
    if (this.#heldBytes < this.#lookAt) return;
    this.#lookAt = this.#heldBytes * 2;
    return this.#open(false);
  }

  async finish(): Promise<StoreAnswer> {
    if (this.#file === undefined && this.#refusal === undefined) await this.#open(true);
    if (this.#file === undefined || this.#target === undefined) {
      return this.#refusal ?? {status: status.cannotUnderstand};
    }
    try {
      await this.#file.finish({durable: true});
      await this.#enter(this.#target);
      return {status: status.success};
    } catch (error) {
      await rm(this.#target.temporary, {force: true});
      this.#archive.log.error(`cannot store ${this.#instance.sopInstanceUid}: ${whyOf(error)}`);
      return {status: status.outOfResources, comment: whyOf(error)};
    }
  }

  /**
   * Gives the complete file its name and announces it. The name and the line become durable at the same time: after a power cut
   * between the two the line may name a file that is not there, but then nobody was told of success.
   */
  async #enter({folder, name, temporary}: Target): Promise<void> {
    const path = join(folder, name);
    const before = await earlier(path, temporary);
    if (before === 'other') {
      this.#archive.log.warn(`${this.#instance.sopInstanceUid} came again with other content, the new one replaces it`);
    }
    renameSync(temporary, path);
    const {callingAeTitle: caller, calledAeTitle: called, address: callerAddress} = this.#instance.association;
    const line = {caller, called, callerAddress, directory: folder, filename: name};
    const steps = await Promise.allSettled([this.#archive.folders.sync(folder), this.#archive.journal.append(line)]);
    const failed = steps.find(step => step.status === 'rejected');
    if (failed === undefined) return;
    if (before === 'none') await rm(path, {force: true});
    throw failed.reason;
  }

  async abort(): Promise<void> {
    this.#held = [];
    await this.#file?.discard();
  }

  /** Opens the file as soon as the study is known; `complete` tells that no more bytes will come. */
  async #open(complete: boolean): Promise<void> {
    const bytes = Buffer.concat([this.#header, ...this.#held]);
    const found = identify(bytes, complete);
    if (found === undefined) return;
    const problem = this.#problemOf(found);
    if (problem !== undefined) {
      this.#refuse(problem.status, problem.comment);
      return;
    }
    // #problemOf has seen to it that both are valid.
    const study = asUid(found.studyInstanceUid ?? '') as Uid;
    const sopInstance = asUid(found.sopInstanceUid ?? '') as Uid;
    const folder = archiveFolder(this.#archive.root, study);
    ensureFolder(folder, this.#archive.modes.folders, this.#archive.modes);
    const name = `${filePrefixes[this.#instance.sopClassUid] ?? 'UNKNOWN'}.${sopInstance}`;
    const temporary = join(folder, `.${name}.${process.pid}-${startedAt}${++temporaries}.tmp`);
    this.#target = {folder, name, temporary};
    const {files, gid} = this.#archive.modes;
    this.#file = createPartTenFile(temporary, bytes, {files, gid});
    this.#held = [];
  }

  #problemOf(found: {
    sopClassUid: string | undefined;
    sopInstanceUid: string | undefined;
    studyInstanceUid: string | undefined;
  }): StoreAnswer | undefined {
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

  #refuse(code: number, comment = 'refused'): void {
    this.#refusal = {status: code, comment};
    this.#held = [];
    const {callingAeTitle, address} = this.#instance.association;
    this.#archive.log.warn(`refused an instance of ${cleanField(callingAeTitle)} (${address}): ${comment}`);
  }
}

/** What is there under this name already: an instance that was sent again, or another one that reuses its UID. */
async function earlier(path: string, temporary: string): Promise<'none' | 'same' | 'other'> {
  if (lstatSync(path, {throwIfNoEntry: false}) === undefined) return 'none';
  return (await sameContent(path, temporary)) ? 'same' : 'other';
}
