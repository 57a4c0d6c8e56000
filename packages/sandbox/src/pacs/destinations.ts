import {readFileSync} from 'node:fs';

/** Where an AE title listens. */
export interface Destination {
  host: string;
  port: number;
}

/**
 * Where an AE title listens: those given at the start, then `destinations.json`, read at each request so that it can be changed
 * while the PACS runs. Undefined for an AE title nobody knows.
 */
export function findDestination(
  aeTitle: string,
  moveTo: Readonly<Record<string, Destination>>,
  destinationsFile: string,
): Destination | undefined {
  return Object.hasOwn(moveTo, aeTitle) ? moveTo[aeTitle] : readDestinations(destinationsFile).get(aeTitle);
}

/** A file that is missing or not understood knows nobody. */
function readDestinations(path: string): Map<string, Destination> {
  const destinations = new Map<string, Destination>();
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return destinations;
  }
  if (typeof content !== 'object' || content === null) return destinations;
  for (const [aeTitle, value] of Object.entries(content)) {
    const {host, port} = (value ?? {}) as Partial<Destination>;
    if (typeof host === 'string' && typeof port === 'number') destinations.set(aeTitle, {host, port});
  }
  return destinations;
}
