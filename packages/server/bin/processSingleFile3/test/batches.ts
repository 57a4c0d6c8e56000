import {expect} from 'vitest';
import {Indexer} from '../src/indexer.ts';
import {type Message, parseMessage} from '../src/message.ts';
import {NotIndexed} from '../src/notIndexed.ts';
import type {IndexedSite} from '../src/site.ts';
import {type aLog, aSite, summariesOf} from './helpers.ts';
import {type Attributes, store} from './instances.ts';

export const archived = () => aSite({allowOutside: false});

export function announce(
  {directory, filename}: {directory: string; filename: string},
  from = 'MR1,FIONA,192.0.2.1',
): Message {
  return parseMessage(`${from},${directory},${filename}`, 'journal');
}

/** Indexes instances one batch each. */
export async function index(site: IndexedSite, ...instances: Attributes[]): Promise<void> {
  for (const attributes of instances) {
    const indexer = new Indexer(site);
    await indexer.add(announce(store(site.root, attributes)));
    expect(await indexer.flush()).toEqual([]);
  }
}

export async function reasonFor(site: IndexedSite, message: Message): Promise<string> {
  const error = await new Indexer(site).add(message).catch((thrown: unknown) => thrown);
  return error instanceof NotIndexed ? error.reason : `no reason: ${String(error)}`;
}

export const onlySummary = (site: IndexedSite) => Object.values(summariesOf(site.root))[0] ?? {};
export const logged = (site: IndexedSite) => (site.log as ReturnType<typeof aLog>).lines.join('\n');
export const image = (number: number, more: Attributes = {}): Attributes => ({
  SOPInstanceUID: ['UI', `1.2.3.1.${number}`],
  InstanceNumber: ['IS', String(number)],
  ...more,
});
