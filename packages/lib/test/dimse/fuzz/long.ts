import {attackReceiver} from './campaign.ts';

/**
 * The long run: `node packages/lib/test/dimse/fuzz/long.ts [streams] [seed]`. A stream that did harm can be sent again alone: its
 * seed is the one given plus its number.
 */
const [streams = 100_000, seed = 1] = process.argv.slice(2).map(Number);
const began = performance.now();
const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
const result = await attackReceiver({
  streams,
  seed,
  progress: (done, {bytes, descriptors}) => console.log(`${done} streams, ${mb(bytes)}, ${descriptors} descriptors`),
});
const {stored, dropped, faults, slowestMs, undisturbed, heldEarly, heldLate} = result;
for (const fault of faults.slice(0, 50)) console.log(fault);
console.log(
  `${streams} streams from seed ${seed} in ${((performance.now() - began) / 1000).toFixed(0)} s: ${stored} instances stored, ` +
    `${dropped} given up, longest connection ${slowestMs.toFixed(0)} ms, ${undisturbed} instances of the neighbour, ` +
    `${mb(heldEarly.bytes)} -> ${mb(heldLate.bytes)}, ${heldEarly.descriptors} -> ${heldLate.descriptors} descriptors, ` +
    `${faults.length} faults`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
