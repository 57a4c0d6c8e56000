import {existsSync, globSync, statSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

/** Debian's python3-pydicom brings real files of every transfer syntax and character set. */
export const pydicomData = '/usr/lib/python3/dist-packages/pydicom/data/';

if (!existsSync(pydicomData)) throw new Error(`${pydicomData} is missing: install python3-pydicom`);

/** A real file by its name below pydicom's data. */
export function sample(name: string): string {
  return `${pydicomData}${name}`;
}

/** All real files, DICOM or not, relative to pydicom's data. */
export function allSamples(): string[] {
  return globSync('{test_files,charset_files,palettes}/**/*', {cwd: pydicomData})
    .filter(name => statSync(sample(name)).isFile())
    .sort();
}

/** Expected results recorded for this project. */
export const goldenSeries = fileURLToPath(new URL('../../../../../shared/data/golden/series/', import.meta.url));

/** Repeatable random numbers: whole numbers below `limit`. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return limit => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x100000000) * limit);
  };
}
