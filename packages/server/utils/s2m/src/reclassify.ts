import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {siblingTool} from '@fiona/lib/cli/siblingTool';
import type {Uid} from '@fiona/lib/dicom/uid';

/** What became of a study that was to be classified again; `why` in the words of processSingleFile3. */
export type Reclassified = {readonly kind: 'done'} | {readonly kind: 'failed'; readonly why: string};

/** Has processSingleFile3 make the series summaries of a study anew. */
export async function reclassify(
  study: Uid,
  {project, config, announce}: {project: string; config: string | undefined; announce: boolean},
): Promise<Reclassified> {
  const [program, ...args] = siblingTool(
    '../bin/processSingleFile3',
    'reclassify',
    study,
    ...(project === '' ? [] : [project]),
    ...(announce ? ['--announce'] : []),
    ...(config === undefined ? [] : ['--config', config]),
  );
  const child = spawn(program, args, {stdio: ['ignore', 'pipe', 'inherit']});
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return code === 0
    ? {kind: 'done'}
    : {kind: 'failed', why: lastError(output) ?? `processSingleFile3 ended with ${code}`};
}

function lastError(output: string): string | undefined {
  return output
    .split('\n')
    .findLast(line => line.includes('] ERROR '))
    ?.replace(/^.*\] ERROR /, '');
}
