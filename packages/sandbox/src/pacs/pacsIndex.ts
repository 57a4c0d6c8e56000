import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {readHeader} from '@fiona/lib/dicom/read';
import type {Tag} from '@fiona/lib/dicom/tag';
import {asUid} from '@fiona/lib/dicom/uid';
import {elementStrings} from '@fiona/lib/dicom/values';

/** Root elements of an instance as text, several values joined by a backslash. */
export type Attributes = ReadonlyMap<Tag, string>;

export interface StoredInstance {
  path: string;
  sopInstanceUid: string;
  attributes: Attributes;
}

export interface StoredSeries {
  seriesUid: string;
  instances: StoredInstance[];
}

export interface StoredStudy {
  studyUid: string;
  series: StoredSeries[];
}

/** Beyond this a value is no key of a query. */
const mostValueBytes = 1024;
const binaryVrs = new Set(['OB', 'OW', 'OF', 'OD', 'OL', 'OV', 'UN', 'SQ']);

/** What the folder of the PACS holds. The folder is the truth and looked at each time; headers are read once a file. */
export class PacsIndex {
  readonly #root: string;
  #known = new Map<string, {stamp: string; attributes: Attributes}>();

  constructor(root: string) {
    this.#root = root;
  }

  /** All studies, in the order of their UIDs. A file that is no DICOM is passed over. */
  studies(): StoredStudy[] {
    const kept = new Map<string, {stamp: string; attributes: Attributes}>();
    const studies = uidFolders(this.#root).map(studyUid => ({
      studyUid,
      series: uidFolders(join(this.#root, studyUid))
        .map(seriesUid => ({seriesUid, instances: this.#instances(join(this.#root, studyUid, seriesUid), kept)}))
        .filter(series => series.instances.length > 0),
    }));
    this.#known = kept;
    return studies.filter(study => study.series.length > 0);
  }

  #instances(folder: string, kept: Map<string, {stamp: string; attributes: Attributes}>): StoredInstance[] {
    const instances: StoredInstance[] = [];
    for (const name of namesIn(folder)) {
      const sopInstanceUid = name.endsWith('.dcm') ? asUid(name.slice(0, -4)) : undefined;
      if (sopInstanceUid === undefined) continue;
      const path = join(folder, name);
      const entry = this.#entry(path);
      if (entry === undefined) continue;
      kept.set(path, entry);
      instances.push({path, sopInstanceUid, attributes: entry.attributes});
    }
    return instances;
  }

  #entry(path: string): {stamp: string; attributes: Attributes} | undefined {
    try {
      const {mtimeMs, size, ino} = statSync(path);
      const stamp = `${ino} ${size} ${mtimeMs}`;
      const known = this.#known.get(path);
      return known?.stamp === stamp ? known : {stamp, attributes: readAttributes(path)};
    } catch {
      return undefined;
    }
  }
}

function readAttributes(path: string): Attributes {
  const {dataSet} = readHeader(path);
  const attributes = new Map<Tag, string>();
  for (const element of dataSet.elements) {
    if (binaryVrs.has(element.vr) || element.valueEnd - element.valueStart > mostValueBytes) continue;
    attributes.set(element.tag, elementStrings(dataSet, element).join('\\'));
  }
  return attributes;
}

function uidFolders(path: string): string[] {
  return namesIn(path).filter(name => asUid(name) !== undefined);
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}
