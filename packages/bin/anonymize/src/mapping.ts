import {join} from 'node:path';
import type {FileOutcome} from '@fiona/lib/deid/fileTask';
import type {DeidRequest} from '@fiona/lib/deid/request';
import {canonicalValue, mapUid} from '@fiona/lib/deid/uid';
import {findElement} from '@fiona/lib/dicom/dataSet';
import {readHeader} from '@fiona/lib/dicom/read';
import type {Tag} from '@fiona/lib/dicom/tag';
import {writeFileAtomic} from '@fiona/lib/fs/atomic';

const seriesInstanceUid: Tag = 0x0020_000e;
const studyInstanceUid: Tag = 0x0020_000d;

/**
 * Writes `{"SeriesInstanceUID": {old: new}, "StudyInstanceUID": {old: new}}` in one line, keys sorted, `null` where nothing was
 * mapped; readable for the account alone, because it tells whose images these are.
 * @param target the file, `true` for `mapping.json` in the output folder, undefined for none
 * @throws FileError
 */
export async function writeMapping(
  target: string | true | undefined,
  output: string,
  request: DeidRequest,
  outcomes: readonly FileOutcome[],
): Promise<void> {
  if (target === undefined) return;
  const mapping = {
    SeriesInstanceUID: new Map<string, string>(),
    StudyInstanceUID: new Map<string, string>(),
  };
  const seen = new Set<string>();
  const {project, uidStyle: style, uidRoot: root, key} = request;
  const base = {project, style, root, ...(key === undefined ? {} : {key})};
  for (const outcome of outcomes) {
    // one header a series is enough: all its instances have its two UIDs
    if (outcome.kind !== 'written' || seen.has(outcome.studyInstanceUid + outcome.seriesInstanceUid)) continue;
    seen.add(outcome.studyInstanceUid + outcome.seriesInstanceUid);
    const {dataSet} = readHeader(outcome.input);
    const original = (tag: Tag) => {
      const element = findElement(dataSet, tag);
      return element === undefined
        ? ''
        : canonicalValue(dataSet.bytes.toString('latin1', element.valueStart, element.valueEnd));
    };
    const series = original(seriesInstanceUid);
    const study = original(studyInstanceUid);
    mapping.SeriesInstanceUID.set(series, mapUid(series, {kind: 'other', ...base}));
    mapping.StudyInstanceUID.set(study, mapUid(study, {kind: 'study', ...base}));
  }
  const path = target === true ? join(output, 'mapping.json') : target;
  const text = JSON.stringify({
    SeriesInstanceUID: sorted(mapping.SeriesInstanceUID),
    StudyInstanceUID: sorted(mapping.StudyInstanceUID),
  });
  await writeFileAtomic(path, text, {mode: 0o600});
}

function sorted(map: ReadonlyMap<string, string>): Record<string, string> | null {
  if (map.size === 0) return null;
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
