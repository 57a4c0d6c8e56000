import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type InstanceFacts, readInstanceFacts} from '../../src/dimse/instanceFile.ts';
import type {StoreHandler} from '../../src/dimse/services.ts';
import {serviceOf} from '../../src/dimse/uids.ts';

const pydicom = '/usr/lib/python3/dist-packages/pydicom/data';

/** What was sent, or what came: some files are of the same instance, so its UID alone does not tell. */
export interface Content {
  sopInstanceUid: string;
  transferSyntaxUid: string;
  /** SHA-256 of the data set bytes. */
  hash: string;
}

/** `isOdd`: its data set has an odd number of bytes, because it was cut or is deflated without filler. */
export type RealFile = InstanceFacts & Content & {isOdd: boolean};

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** All files of pydicom that can be sent: many makers, modalities and kinds of damage, 11 transfer syntaxes. */
export function realFiles(): RealFile[] {
  if (!existsSync(pydicom)) throw new Error(`${pydicom} is absent: install python3-pydicom (scripts/peers)`);
  const entries = readdirSync(pydicom, {recursive: true, withFileTypes: true}).filter(entry => entry.isFile());
  return entries
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
    .flatMap(path => {
      const facts = factsOf(path);
      if (!facts || serviceOf(facts.sopClassUid) !== 'storage') return [];
      const dataSet = readFileSync(path).subarray(facts.dataSetOffset);
      return [{...facts, hash: hashOf(dataSet), isOdd: dataSet.length % 2 === 1}];
    });
}

/**
 * One file of each instance, of the rarest transfer syntax, for peers that keep one; without what DCMTK and all that is made of it
 * cannot take: colour palettes, values of odd length.
 */
export function filesForDcmtk(): RealFile[] {
  const colorPaletteStorage = '1.2.840.10008.5.1.4.39.1';
  const groups = [...Map.groupBy(realFiles(), file => file.transferSyntaxUid).values()];
  const rarestLast = groups.sort((one, other) => other.length - one.length).flat();
  const oneEach = new Map(rarestLast.map(file => [file.sopInstanceUid, file]));
  return [...oneEach.values()].filter(file => file.sopClassUid !== colorPaletteStorage && !file.isOdd);
}

function factsOf(path: string): InstanceFacts | undefined {
  try {
    return readInstanceFacts(path);
  } catch {
    return undefined;
  }
}

/** The content of a stored Part 10 file. */
export function contentOf(path: string): Content {
  const {sopInstanceUid, transferSyntaxUid, dataSetOffset} = readInstanceFacts(path);
  return {sopInstanceUid, transferSyntaxUid, hash: hashOf(readFileSync(path).subarray(dataSetOffset))};
}

/** Sorted, and nothing but the content: lists of files can be compared. */
export function contents(list: readonly Content[]): string[] {
  return list
    .map(({sopInstanceUid, transferSyntaxUid, hash}) => `${sopInstanceUid} ${transferSyntaxUid} ${hash}`)
    .sort();
}

/** Notes what comes and keeps nothing. */
export function notingStore(came: Content[]): StoreHandler {
  return {
    begin({sopInstanceUid, transferSyntaxUid}) {
      const hash = createHash('sha256');
      return {
        write: chunk => void hash.update(chunk),
        async finish() {
          came.push({sopInstanceUid, transferSyntaxUid, hash: hash.digest('hex')});
          return {status: 0};
        },
        abort() {},
      };
    },
  };
}
