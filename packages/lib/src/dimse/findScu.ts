import type {DataSet} from '../dicom/dataSet.ts';
import {type FindOptions, QuerySession, type SessionOptions} from './querySession.ts';

/** An association for many queries, one after the other; to be released. Throws `DimseError`. */
export function openFind(options: SessionOptions): Promise<QuerySession> {
  return QuerySession.open(options, ['find']);
}

/**
 * One C-FIND over an association of its own: yields the matches as they come; leaving the loop early cancels the query.
 * Throws `DimseError`.
 */
export async function* find(options: SessionOptions & FindOptions): AsyncGenerator<DataSet, void, void> {
  const session = await openFind(options);
  try {
    yield* session.find(options);
  } finally {
    await session.release();
  }
}
