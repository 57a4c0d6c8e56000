import {readlinkSync} from 'node:fs';
import type {RuleSet} from '@fiona/lib/classify/ruleTree';
import {parseNumber} from '@fiona/lib/classify/value';
import type {Uid} from '@fiona/lib/dicom/uid';
import {text} from '@fiona/lib/dicom/values';
import {rawInstance} from '@fiona/lib/site/layout';
import {listInstances} from '@fiona/lib/site/listing';
import type {IncomingConnection} from '@fiona/lib/site/seriesJson';
import {readImage} from './image.ts';
import {NotIndexed} from './notIndexed.ts';
import type {SeriesPlace} from './seriesFile.ts';
import {readFacts, type Summary} from './seriesSummary.ts';
import {updateSummary} from './updateSummary.ts';

/** A summary made anew. */
export interface Rebuilt {
  /** Undefined when not one instance could be read. */
  summary: Summary | undefined;
  /** Instances whose link dangles or whose file cannot be read. */
  unreadable: Uid[];
  problems: string[];
}

/**
 * Makes the summary of a series anew from its links, in the order of InstanceNumber, types from an empty list.
 * @param connection who sent the series
 * @throws FileError when the folder cannot be read
 */
export async function rebuildSummary(
  place: SeriesPlace,
  connection: IncomingConnection,
  rules: RuleSet | undefined,
): Promise<Rebuilt> {
  const instances = await listInstances(place.root, place.study, place.series);
  const rebuilt: Rebuilt = {summary: undefined, unreadable: [], problems: []};
  const message = {
    origin: 'reclassify' as const,
    caller: connection.AETitleCaller,
    called: connection.AETitleCalled,
    callerAddress: connection.CallerIP,
    path: '',
  };
  let numFiles = 0;
  for (const instance of inOrder(place, instances, rebuilt.unreadable)) {
    // read again: the headers of a large series together may not fit in memory
    const image = readImage(linkTarget(place, instance));
    const facts = readFacts(image, message);
    const joining = {facts, dataSet: image.dataSet, numFiles: ++numFiles};
    const {summary, problems} = updateSummary(rebuilt.summary, joining, rules);
    rebuilt.summary = summary;
    rebuilt.problems.push(...problems);
  }
  if (rebuilt.summary) rebuilt.summary.NumFiles = String(instances.length);
  return rebuilt;
}

function linkTarget({root, study, series}: SeriesPlace, instance: Uid): string {
  return readlinkSync(rawInstance(root, study, series, instance));
}

function inOrder(place: SeriesPlace, instances: readonly Uid[], unreadable: Uid[]): Uid[] {
  const numbered: {instance: Uid; number: number}[] = [];
  for (const instance of instances) {
    try {
      const image = readImage(linkTarget(place, instance));
      // the file of a link may have been replaced by an instance of another series
      if (image.series !== place.series) throw new NotIndexed('other-series', 'it belongs to another series');
      const number = parseNumber(text(image.dataSet, 0x00200013) ?? '');
      numbered.push({instance, number: number ?? Number.MAX_VALUE});
    } catch {
      unreadable.push(instance);
    }
  }
  return numbered.sort((a, b) => a.number - b.number || (a.instance < b.instance ? -1 : 1)).map(each => each.instance);
}
