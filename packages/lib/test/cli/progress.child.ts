import {openProgress} from '../../src/cli/progress.ts';

// Works for a little longer than it takes until a bar appears.
const progress = openProgress('send', 100);
const begun = performance.now();
for (let elapsed = 0; elapsed < 2300; elapsed = performance.now() - begun) progress.done(Math.round(elapsed / 23));
progress.end();
