/** Pictures of the sample studies: everything is computed, nobody was ever scanned. */

/** A grey-scale picture, row by row. */
export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Int16Array;
}

interface Ellipse {
  /** Centre and half axes as fractions of the picture, angle in radians. */
  readonly x: number;
  readonly y: number;
  readonly a: number;
  readonly b: number;
  readonly angle: number;
  readonly value: number;
}

/** Small repeatable noise, so that slices do not compress to nothing and look like a scan. */
function noise(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) / 0xffffffff) * 2 - 1;
  };
}

/** Later ellipses lie on top of earlier ones. */
function draw(size: number, background: number, ellipses: readonly Ellipse[], grain: number, seed: number): Picture {
  const pixels = new Int16Array(size * size);
  const random = noise(seed);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      let value = background;
      for (const {x, y, a, b, angle, value: inside} of ellipses) {
        const dx = column / size - x;
        const dy = row / size - y;
        const u = (dx * Math.cos(angle) + dy * Math.sin(angle)) / a;
        const v = (dy * Math.cos(angle) - dx * Math.sin(angle)) / b;
        if (u * u + v * v <= 1) value = inside;
      }
      const grey = Math.round(value + random() * grain);
      // MR has no values below nothing; Hounsfield units have
      pixels[row * size + column] = background < 0 ? grey : Math.max(0, grey);
    }
  }
  return {rows: size, columns: size, pixels};
}

/**
 * A slice through a chest, in Hounsfield units.
 * @param z position from 0 (top) to 1 (bottom)
 */
export function chestSlice(size: number, z: number, seed: number): Picture {
  const lung = 0.1 + 0.07 * Math.sin(Math.PI * z);
  const ellipses: Ellipse[] = [
    {x: 0.5, y: 0.5, a: 0.44, b: 0.31, angle: 0, value: 40},
    {x: 0.31, y: 0.48, a: lung, b: lung * 1.5, angle: 0.15, value: -820},
    {x: 0.69, y: 0.48, a: lung, b: lung * 1.5, angle: -0.15, value: -820},
    {x: 0.46, y: 0.46, a: 0.09, b: 0.1, angle: 0.4, value: 60},
    {x: 0.5, y: 0.7, a: 0.05, b: 0.045, angle: 0, value: 420},
    {x: 0.5, y: 0.7, a: 0.018, b: 0.018, angle: 0, value: 30},
    {x: 0.72, y: 0.42, a: 0.022 * (1 - z), b: 0.02 * (1 - z), angle: 0, value: 55},
  ];
  return draw(size, -1000, ellipses, 18, seed);
}

/**
 * A slice through a head, in arbitrary units from 0.
 * @param z position from 0 (chin) to 1 (vertex)
 */
export function headSlice(size: number, z: number, seed: number): Picture {
  const half = 0.22 + 0.2 * Math.sin(Math.PI * Math.min(1, 0.25 + z * 0.7));
  const ellipses: Ellipse[] = [
    {x: 0.5, y: 0.5, a: half * 0.82, b: half, angle: 0, value: 620},
    {x: 0.5, y: 0.5, a: half * 0.76, b: half * 0.93, angle: 0, value: 60},
    {x: 0.5, y: 0.5, a: half * 0.72, b: half * 0.89, angle: 0, value: 420},
    {x: 0.5, y: 0.5, a: half * 0.56, b: half * 0.7, angle: 0, value: 560},
    {x: 0.46, y: 0.47, a: half * 0.08, b: half * 0.26, angle: 0.3, value: 120},
    {x: 0.54, y: 0.47, a: half * 0.08, b: half * 0.26, angle: -0.3, value: 120},
    {x: 0.5 + half * 0.35, y: 0.42, a: 0.03, b: 0.024, angle: 0.5, value: 800},
  ];
  return draw(size, 0, ellipses, 14, seed);
}

/**
 * A slice through a knee, in arbitrary units from 0.
 * @param z position from 0 to 1, medial to lateral
 */
export function kneeSlice(size: number, z: number, seed: number): Picture {
  const bone = 0.13 + 0.04 * Math.sin(Math.PI * z);
  const ellipses: Ellipse[] = [
    {x: 0.5, y: 0.5, a: 0.27, b: 0.49, angle: 0, value: 300},
    {x: 0.5, y: 0.24, a: bone, b: 0.22, angle: 0.05, value: 640},
    {x: 0.5, y: 0.78, a: bone, b: 0.22, angle: -0.05, value: 610},
    {x: 0.49, y: 0.5, a: bone * 1.05, b: 0.035, angle: 0, value: 180},
    {x: 0.3, y: 0.4, a: 0.035, b: 0.09, angle: 0.2, value: 560},
  ];
  return draw(size, 10, ellipses, 16, seed);
}

const glyphs: Readonly<Record<string, string>> = {
  A: '01110 10001 10001 11111 10001 10001 10001',
  B: '11110 10001 11110 10001 10001 10001 11110',
  D: '11110 10001 10001 10001 10001 10001 11110',
  E: '11111 10000 11110 10000 10000 10000 11111',
  I: '01110 00100 00100 00100 00100 00100 01110',
  K: '10001 10010 11100 10010 10001 10001 10001',
  L: '10000 10000 10000 10000 10000 10000 11111',
  N: '10001 11001 10101 10011 10001 10001 10001',
  O: '01110 10001 10001 10001 10001 10001 01110',
  R: '11110 10001 10001 11110 10100 10010 10001',
  S: '01111 10000 01110 00001 00001 00001 11110',
  T: '11111 00100 00100 00100 00100 00100 00100',
  U: '10001 10001 10001 10001 10001 10001 01110',
  V: '10001 10001 10001 10001 10001 01010 00100',
  Y: '10001 10001 01010 00100 00100 00100 00100',
  ' ': '00000 00000 00000 00000 00000 00000 00000',
};

/** Burns text of the letters above into a copy of the picture, as a screen capture does; other characters stay blank. */
export function burnIn(picture: Picture, text: string, row: number, column: number, value: number): Picture {
  const pixels = Int16Array.from(picture.pixels);
  const scale = 2;
  [...text].forEach((letter, index) => {
    const lines = (glyphs[letter] ?? glyphs[' '] ?? '').split(' ');
    lines.forEach((line, y) => {
      [...line].forEach((bit, x) => {
        if (bit !== '1') return;
        for (let dot = 0; dot < scale * scale; dot += 1) {
          const r = row + y * scale + Math.floor(dot / scale);
          const c = column + (index * 6 + x) * scale + (dot % scale);
          if (r < picture.rows && c < picture.columns) pixels[r * picture.columns + c] = value;
        }
      });
    });
  });
  return {...picture, pixels};
}
