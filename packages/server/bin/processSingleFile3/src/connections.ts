import {readlinkSync} from 'node:fs';
import {basename} from 'node:path';
import {formatArrivalLine} from '@fiona/lib/site/arrivalLine';
import {arrivalsOf} from '@fiona/lib/site/journalLookers';
import {rawInstance} from '@fiona/lib/site/layout';
import {listInstances} from '@fiona/lib/site/listing';
import type {IncomingConnection} from '@fiona/lib/site/seriesJson';
import {parseMessage} from './message.ts';
import type {SeriesPlace} from './seriesFile.ts';

/** When nobody knows who sent something. Routing depends on AE titles, so this must stay the exception. */
export const unknownConnection: IncomingConnection = {
  AETitleCaller: 'unknown',
  AETitleCalled: 'unknown',
  CallerIP: 'unknown',
};

/**
 * Who sent a series: as stored, else as the kept segments of the journal tell, else unknown.
 * @throws FileError
 */
export async function connectionOfSeries(place: SeriesPlace, stored: unknown): Promise<IncomingConnection> {
  if (isConnection(stored)) return stored;
  const files = (await arrivalsOf(place.root, new Set([place.study]))).get(place.study);
  for (const instance of files ? await listInstances(place.root, place.study, place.series) : []) {
    const target = readlinkSync(rawInstance(place.root, place.study, place.series, instance));
    const line = files?.get(basename(target));
    if (!line) continue;
    const {caller, called, callerAddress} = parseMessage(formatArrivalLine(line), 'journal');
    return {AETitleCaller: caller, AETitleCalled: called, CallerIP: callerAddress};
  }
  return unknownConnection;
}

function isConnection(value: unknown): value is IncomingConnection {
  if (typeof value !== 'object' || value === null) return false;
  const {AETitleCaller, AETitleCalled, CallerIP} = value as Record<string, unknown>;
  return [AETitleCaller, AETitleCalled, CallerIP].every(text => typeof text === 'string');
}
