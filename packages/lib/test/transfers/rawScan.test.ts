import {mkdirSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {scanRaw} from '../../src/transfers/rawScan.ts';
import {temporaryFolder} from './support.ts';

function aRawFolder(): {root: string; file: (path: string, content?: string) => string} {
  const root = temporaryFolder();
  const file = (path: string, content = '{}') => {
    const full = join(root, 'site/raw', path);
    mkdirSync(join(full, '..'), {recursive: true});
    writeFileSync(full, content);
    utimesSync(full, 1000, 1000);
    return full;
  };
  return {root, file};
}

describe('the scan of site/raw', () => {
  it('tells time and size of each series summary, by study', () => {
    const {root, file} = aRawFolder();
    file('1.2/1.2.1.json', '{"a": 1}');
    file('1.2/1.2.2.json');
    file('1.2/1.2.1/1.2.1.1');
    mkdirSync(join(root, 'site/raw/1.3'));
    const {studies, misplaced} = scanRaw(root);
    expect(Object.fromEntries(studies)).toEqual({
      '1.2': new Map([
        ['1.2.1', {modified: 1_000_000, size: 8}],
        ['1.2.2', {modified: 1_000_000, size: 2}],
      ]),
      '1.3': new Map(),
    });
    expect(misplaced).toEqual([]);
  });

  it('passes over hidden names and files that are no summaries', () => {
    const {root, file} = aRawFolder();
    file('.trash-1/1.json');
    file('1.2/.1.2.1.json.tmp');
    file('1.2/.1.2.1.json');
    file('1.2/1.2.1.txt');
    file('stray');
    const {studies, misplaced} = scanRaw(root);
    expect(Object.fromEntries(studies)).toEqual({'1.2': new Map()});
    expect(misplaced).toEqual([]);
  });

  it('names what can be no study or series, and follows no link', () => {
    const {root, file} = aRawFolder();
    file('a..b/1.json');
    file('1.2/no uid.json');
    file('1.2/1.4.json/inside');
    symlinkSync('/etc/passwd', join(root, 'site/raw/1.2/1.5.json'));
    symlinkSync(join(root, 'site/raw/1.2'), join(root, 'site/raw/1.9'));
    const {studies, misplaced} = scanRaw(root);
    expect([...studies.keys()]).toEqual(['1.2']);
    expect(studies.get([...studies.keys()][0] as never)?.size).toBe(0);
    expect(misplaced.map(({path, reason}) => `${path}: ${reason}`).sort()).toEqual([
      '1.2/1.4.json: no-file',
      '1.2/1.5.json: no-file',
      '1.2/no uid.json: invalid-uid',
      'a..b: invalid-uid',
    ]);
  });

  it('finds nothing where nothing has arrived yet', () => {
    expect(scanRaw(temporaryFolder()).studies.size).toBe(0);
  });
});
