import {randomBytes} from 'node:crypto';
import {mkdirSync, rmSync} from 'node:fs';
import {mkdir, rename} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {readHeader} from '@fiona/lib/dicom/read';
import {asUid, type Uid} from '@fiona/lib/dicom/uid';
import {uid} from '@fiona/lib/dicom/values';
import {part10Header} from '@fiona/lib/dicom/write';
import {createPartTenFile, type PartTenFile} from '@fiona/lib/dimse/partTenFile';
import type {IncomingInstance, StoreAnswer, StoreSink} from '@fiona/lib/dimse/services';
import {status} from '@fiona/lib/dimse/status';
import {fsyncFolder} from '@fiona/lib/fs/atomic';

const incoming = '.incoming';

/** Prepares the folder; what a crash left half-received is removed. */
export function preparePacsFolder(root: string): void {
  rmSync(join(root, incoming), {recursive: true, force: true});
  mkdirSync(join(root, incoming), {recursive: true});
}

/** The place of an instance: `<Study>/<Series>/<SOP>.dcm` below the folder of the PACS. */
export function instancePath(root: string, study: Uid, series: Uid, instance: Uid): string {
  return join(root, study, series, `${instance}.dcm`);
}

/** Receives one instance; it is in its place, and durable, before success is answered. The same instance again replaces the first. */
export class PacsSink implements StoreSink {
  readonly #root: string;
  readonly #instance: IncomingInstance;
  readonly #temporary: string;
  readonly #file: PartTenFile;

  constructor(root: string, instance: IncomingInstance) {
    this.#root = root;
    this.#instance = instance;
    this.#temporary = join(root, incoming, `${randomBytes(8).toString('hex')}.tmp`);
    const {sopClassUid, sopInstanceUid, transferSyntaxUid, association} = instance;
    const header = part10Header({
      sopClassUid,
      sopInstanceUid,
      transferSyntaxUid,
      sourceAe: association.callingAeTitle.replace(/[^\x21-\x5b\x5d-\x7e]/g, '_'),
    });
    this.#file = createPartTenFile(this.#temporary, header);
  }

  write(chunk: Buffer): void | Promise<void> {
    return this.#file.write(chunk);
  }

  async finish(): Promise<StoreAnswer> {
    await this.#file.finish({durable: true});
    const place = this.#place();
    if (typeof place !== 'string') {
      await this.#file.discard();
      return place;
    }
    const madeFirst = await mkdir(dirname(place), {recursive: true});
    await rename(this.#temporary, place);
    await fsyncFolder(dirname(place));
    if (madeFirst !== undefined) {
      await fsyncFolder(dirname(dirname(place)));
      await fsyncFolder(this.#root);
    }
    return {status: status.success};
  }

  async abort(): Promise<void> {
    await this.#file.discard();
  }

  /** Where the instance goes, or why it goes nowhere. */
  #place(): string | StoreAnswer {
    const refused = (comment: string): StoreAnswer => ({status: status.cannotUnderstand, comment});
    try {
      const {dataSet} = readHeader(this.#temporary);
      const study = uid(dataSet, 0x0020000d);
      const series = uid(dataSet, 0x0020000e);
      const instance = uid(dataSet, 0x00080018);
      if (study === undefined || series === undefined || instance === undefined)
        return refused('no valid Study, Series or SOP Instance UID');
      if (instance !== asUid(this.#instance.sopInstanceUid))
        return {status: status.dataSetDoesNotMatchSopClass, comment: 'SOP Instance UID differs from the command'};
      return instancePath(this.#root, study, series, instance);
    } catch (error) {
      return refused(error instanceof Error ? error.message : String(error));
    }
  }
}
