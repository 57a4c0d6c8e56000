import type {Random} from './random.ts';

const magicEnd = 132;

/** A file with one to four damages behind its magic number: bytes changed, cut out, put in twice, swapped, or its end cut off. */
export function damaged(file: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(file);
  for (let times = 1 + random.below(3); times > 0; times--)
    bytes = Buffer.from((random.chance(0.75) ? random.pick(changes) : random.pick(moves))(bytes, random));
  return bytes;
}

type Damage = (bytes: Buffer, random: Random) => Buffer;

function placeIn(bytes: Buffer, random: Random): number {
  return Math.min(bytes.length - 1, magicEnd + random.below(Math.max(1, bytes.length - magicEnd)));
}

/** Lengths stay true. */
const changes: readonly Damage[] = [
  (bytes, random) => {
    bytes[placeIn(bytes, random)] = random.pick([0, 0xff, 0x5c, 0x1b, random.below(256)]);
    return bytes;
  },
  (bytes, random) => {
    const at = placeIn(bytes, random);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes;
  },
];

const moves: readonly Damage[] = [
  (bytes, random) => {
    const at = placeIn(bytes, random);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(12))]);
  },
  (bytes, random) => {
    const [from, to] = [placeIn(bytes, random), placeIn(bytes, random)];
    return Buffer.concat([
      bytes.subarray(0, to),
      bytes.subarray(from, from + 1 + random.below(64)),
      bytes.subarray(to),
    ]);
  },
  (bytes, random) => bytes.subarray(0, placeIn(bytes, random) + 1),
];
