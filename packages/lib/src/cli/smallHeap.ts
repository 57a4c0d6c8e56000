import {setFlagsFromString} from 'node:v8';

/**
 * Keeps V8 from widening its space for young objects, which otherwise takes 8 MB more in a run that only looks through thousands of small
 * things. For short tools that start every minute beside heavier work; to be called before anything else.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
