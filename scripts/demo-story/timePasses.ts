import {watch} from 'node:fs';
import {readdir, readFile, utimes} from 'node:fs/promises';
import {join} from 'node:path';
import {countWaitingLines} from '@fiona/lib/site/journalReader';
import {rawRoot} from '@fiona/lib/site/layout';
import type {SampleStudy} from '@fiona/sandbox/samples/studies';

/** Paths of all series summaries. */
export async function seriesSummaries(dataDir: string): Promise<string[]> {
  const root = rawRoot(dataDir);
  const studies = await readdir(root).catch(() => []);
  const found = await Promise.all(
    studies.map(async study =>
      (await readdir(join(root, study)))
        .filter(name => /^[^.].*\.json$/.test(name))
        .map(name => join(root, study, name)),
    ),
  );
  return found.flat().sort();
}

/** Resolves when every instance of the studies is counted in a series summary, and everything that was announced is dealt with. */
export async function allIndexed(dataDir: string, studies: readonly SampleStudy[], limitMs: number): Promise<void> {
  const expected = studies.reduce((sum, {instances}) => sum + instances.length, 0);
  const changes = watch(join(dataDir, 'site'), {recursive: true});
  const deadline = AbortSignal.timeout(limitMs);
  try {
    for (;;) {
      const counts = (await seriesSummaries(dataDir)).map(async path =>
        Number(JSON.parse(await readFile(path, 'utf8')).NumFiles),
      );
      const indexed = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
      if (indexed === expected && (await countWaitingLines(dataDir)) === 0) return;
      if (deadline.aborted) throw new Error(`only ${indexed} of ${expected} instances were indexed`);
      await nextChange(changes, deadline);
    }
  } finally {
    changes.close();
  }
}

function nextChange(changes: ReturnType<typeof watch>, deadline: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      changes.off('change', done);
      deadline.removeEventListener('abort', done);
      resolve();
    };
    changes.on('change', done);
    deadline.addEventListener('abort', done);
    if (deadline.aborted) done();
  });
}

/**
 * The tools leave a study alone for a minute after its last instance, since more may come. The demo does not wait that minute: it sets
 * the times of the summaries back.
 */
export async function letTimePass(dataDir: string, seconds: number): Promise<void> {
  const then = new Date(Date.now() - seconds * 1000);
  for (const path of await seriesSummaries(dataDir)) await utimes(path, then, then);
}
