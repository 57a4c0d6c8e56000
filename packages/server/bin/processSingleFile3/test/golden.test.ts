import {readdirSync, readFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {Indexer} from '../src/indexer.ts';
import {parseMessage} from '../src/message.ts';
import {NotIndexed} from '../src/notIndexed.ts';
import {aSite, goldenFolder, pydicomData, summariesOf, treeOf} from './helpers.ts';

interface Golden {
  input: string;
  files: string[];
  original_survived: boolean;
  original_error: string;
  series: Record<string, Record<string, unknown>>;
  tree: string[];
}

async function index(files: readonly string[]) {
  const site = aSite();
  const indexer = new Indexer(site);
  const refused: string[] = [];
  for (const file of files) {
    const path = join(pydicomData, file);
    try {
      await indexer.add(parseMessage(`MODALITY,FIONA,127.0.0.1,${dirname(path)},${basename(path)}`, 'pipe'));
    } catch (error) {
      if (!(error instanceof NotIndexed)) throw error;
      refused.push(error.reason);
    }
  }
  expect(await indexer.flush()).toEqual([]);
  return {root: site.root, refused};
}

/** What the older daemon wrote, with what must be different now. */
function expectedSummary(golden: Record<string, unknown>, ours: Record<string, unknown>): Record<string, unknown> {
  const expected = {...golden};
  // PF-18: numeric empties became the text None, now they are left out
  for (const [key, value] of Object.entries(golden)) if (value === 'None') delete expected[key];
  // PF-16, PF-17: never written by the older daemon
  for (const key of ['SoftwareVersion', 'SeriesDate']) if (ours[key] !== undefined) expected[key] = ours[key];
  return expected;
}

const names = readdirSync(goldenFolder).filter(name => name.endsWith('.json'));

describe('series summaries and trees equal what was recorded of the older daemon', () => {
  it.each(names)('%s', async name => {
    const golden = JSON.parse(readFileSync(join(goldenFolder, name), 'utf8')) as Golden;
    const {root, refused} = await index(golden.files);
    const ours = summariesOf(root);
    const tree = treeOf(root).map(line => line.replaceAll(root, '<DATADIR>').replaceAll(pydicomData, '<DATA>'));
    // PF-2: the older daemon died of a missing PatientID before it wrote the summary; ours goes on
    const summaries = golden.original_survived ? [] : Object.keys(ours);
    expect(summaries).toHaveLength(golden.original_survived ? 0 : 1);
    for (const [path, series] of Object.entries(golden.series)) {
      expect(ours[path]).toEqual(expectedSummary(series, ours[path] ?? {}));
    }
    expect(tree).toEqual([...golden.tree, ...summaries].sort());
    // what the older daemon refused is refused with a reason
    expect(refused).toHaveLength(golden.tree.length === 0 ? golden.files.length : 0);
  });
});
