import {closeSync, openSync, readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {type DataSet, type Element, walkElements} from '../../src/dicom/dataSet.ts';
import {DicomError} from '../../src/dicom/dicomError.ts';
import {applyEdits, Edits, readChunks} from '../../src/dicom/editor.ts';
import type {Instance} from '../../src/dicom/instance.ts';
import {parseInstance, readHeader, readInstance} from '../../src/dicom/read.ts';
import {trySequence} from '../../src/dicom/scan.ts';
import {formatTag, isPixelData} from '../../src/dicom/tag.ts';
import {elementStrings, vrOf} from '../../src/dicom/values.ts';
import {vrRules} from '../../src/dicom/vr.ts';
import {type PeerElement, readWithPydicom} from './pydicom.ts';
import {allSamples, sample} from './samples.ts';

/** Files that cannot be read, and why. */
const unreadable: Record<string, string> = {
  'test_files/no_meta.dcm': 'not-dicom: one stray byte before the first tag',
  'test_files/MR_truncated.dcm': 'truncated (7FE0,0010) 1488: pixel data cut off',
  'test_files/rtplan_truncated.dcm': 'truncated (300A,00B0) 1410: cut off in the beam sequence',
  'test_files/dicomdirtests/DICOMDIR-nooffset': 'truncated (0004,1220) 10860: sequence longer than the file',
  'test_files/zipMR.gz': 'not-dicom: gzip',
};

const isText = (name: string) => /\.(txt|md|json|dump)$|README$/.test(name);
const names = allSamples();

function parse(name: string): Instance | DicomError {
  try {
    return parseInstance(readFileSync(sample(name)));
  } catch (error) {
    if (error instanceof DicomError) return error;
    throw error;
  }
}

const readable = names.filter(name => !(parse(name) instanceof DicomError));

/** In implicit VR either name is right for bytes: the value looks the same. */
function isSameVr(ours: string, theirs: string): boolean {
  return (
    ours === theirs ||
    (ours === 'OW' && ['OB', 'OB or OW', 'US or OW'].includes(theirs)) ||
    (ours === 'US' && theirs === 'US or SS')
  );
}

/** Differences between our element and pydicom's, as text for people. */
function compareElement(holder: DataSet, element: Element, peer: PeerElement): string[] {
  const where = formatTag(element.tag);
  if (peer.vr === '??') return [];
  if (element.vr !== 'UN' && !isSameVr(vrOf(holder, element), peer.vr))
    return [`${where}: VR ${element.vr}, pydicom ${peer.vr}`];
  if (peer.items !== undefined) {
    const items = element.items ?? trySequence(holder, element);
    if (items === undefined || items.length !== peer.items.length)
      return [`${where}: ${items?.length} items, pydicom ${peer.items.length}`];
    return items.flatMap((item, index) =>
      compare(item, peer.items?.[index] ?? []).map(line => `${where}[${index}] ${line}`),
    );
  }
  if (peer.length !== undefined) {
    const length = element.valueEnd - element.valueStart;
    return element.fragments === undefined && length !== peer.length
      ? [`${where}: ${length} bytes, pydicom ${peer.length}`]
      : [];
  }
  const vr = vrOf(holder, element);
  if (vr === 'UN' || vrRules[vr].kind === 'bytes') return [];
  const ours = elementStrings(holder, element).map(value =>
    vr === 'AT' ? value.replace(/[(),]/g, '').toLowerCase() : value,
  );
  const theirs = (peer.values ?? []).map(value => (vrRules[vr].multiValued ? value.trim() : value));
  return JSON.stringify(ours) === JSON.stringify(theirs)
    ? []
    : [`${where}: ${JSON.stringify(ours)}, pydicom ${JSON.stringify(theirs)}`];
}

function compare(dataSet: DataSet, peers: readonly PeerElement[]): string[] {
  // of elements with the same tag pydicom keeps the last
  const ours = [...new Map(dataSet.elements.map(element => [element.tag, element])).values()].sort(
    (a, b) => a.tag - b.tag,
  );
  const tags = ours.map(element => formatTag(element.tag)).join(' ');
  const theirs = peers.map(peer => formatTag(peer.tag)).join(' ');
  if (tags !== theirs) return [`tags ${tags}\npydicom ${theirs}`];
  return ours.flatMap((element, index) => {
    const peer = peers[index];
    return peer === undefined ? [] : compareElement(dataSet, element, peer);
  });
}

describe('every file of pydicom', () => {
  it('reads, or fails with a DicomError that says tag and offset', () => {
    const failures: Record<string, string> = {};
    for (const name of names) {
      const result = parse(name);
      if (!(result instanceof DicomError)) continue;
      expect(result.offset, name).toBeTypeOf('number');
      if (isText(name)) {
        expect(result.reason, name).toBe('not-dicom');
        continue;
      }
      const reason = [
        result.reason,
        result.tag === undefined ? '' : formatTag(result.tag),
        result.reason === 'truncated' ? result.offset : '',
      ]
        .filter(part => part !== '')
        .join(' ');
      expect(unreadable[name], `${name}: ${result.message}`).toMatch(`${reason}:`);
      failures[name] = reason;
    }
    expect(Object.keys(failures).sort()).toEqual(Object.keys(unreadable).sort());
    expect(readable.length).toBeGreaterThan(170);
  });

  it('has the tags, VRs and values that pydicom finds', () => {
    const peers = readWithPydicom(readable.map(sample));
    const differences = readable.flatMap(name => {
      const peer = peers[sample(name)];
      const instance = parse(name);
      if (peer === null || peer === undefined || instance instanceof DicomError)
        return [`${name}: pydicom cannot read it`];
      return compare(instance.dataSet, peer).map(line => `${name}: ${line}`);
    });
    expect(differences).toEqual([]);
  });

  it('reads the same elements from the file piece by piece as from memory', () => {
    for (const name of readable) {
      const whole = parse(name);
      if (whole instanceof DicomError) continue;
      const describeElements = (instance: Instance) => {
        const found: string[] = [];
        walkElements(instance.dataSet, (element, holder, depth) => {
          const value = isPixelData(element.tag)
            ? ''
            : holder.bytes.toString('base64', element.valueStart, element.valueEnd);
          if (depth > 0 || !isPixelData(element.tag)) found.push(`${depth} ${element.tag} ${element.vr} ${value}`);
        });
        return found;
      };
      const instance = readInstance(sample(name));
      expect(describeElements(instance), name).toEqual(describeElements(whole));
      expect(instance.trailingBytes, name).toBe(whole.trailingBytes);
      expect(instance.pixelData?.length, name).toBe(whole.pixelData?.length);
      expect(
        instance.pixelData?.fragments?.map(fragment => fragment.length),
        name,
      ).toEqual(whole.pixelData?.fragments?.map(fragment => fragment.length));
      const header = readHeader(sample(name));
      const first = header.dataSet.elements.length;
      expect(
        header.dataSet.elements.map(element => element.tag),
        name,
      ).toEqual(whole.dataSet.elements.slice(0, first).map(element => element.tag));
      if (header.pixelData !== undefined)
        expect(whole.dataSet.elements[first]?.tag, name).toBe(header.pixelData.element.tag);
    }
  });

  it('comes back byte for byte from the editor without edits', () => {
    for (const name of readable) {
      const whole = parse(name);
      if (whole instanceof DicomError) continue;
      const original = whole.dataSet.bytes.subarray(whole.dataSet.valueStart, whole.dataSet.valueEnd);
      expect(
        Buffer.concat([...readChunks(applyEdits(whole.dataSet, new Edits()), undefined)]).equals(original),
        name,
      ).toBe(true);
      const file = openSync(sample(name), 'r');
      const pieces = [...readChunks(applyEdits(readInstance(sample(name)).dataSet, new Edits()), file)].map(piece =>
        Buffer.from(piece),
      );
      closeSync(file);
      expect(Buffer.concat(pieces).equals(original), name).toBe(true);
    }
  });
});
