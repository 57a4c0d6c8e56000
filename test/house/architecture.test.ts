import {describe, expect, it} from 'vitest';
import {libRoom, packageOf, productSources} from './sources.ts';

const sources = productSources();

/** What each room of the library may stand on, besides itself. `cli`, `config` and `fs` are the ground. */
const ground = ['cli', 'config', 'fs'];
const mayStandOn: Record<string, readonly string[]> = {
  cli: ground,
  config: ground,
  fs: ground,
  pattern: ground,
  dicom: ground,
  dimse: [...ground, 'dicom'],
  deid: [...ground, 'dicom', 'pattern'],
  classify: [...ground, 'dicom', 'pattern'],
  site: [...ground, 'dicom'],
  redcap: [...ground, 'pattern'],
  transfers: [...ground, 'dicom', 'site', 'redcap', 'pattern'],
};

describe('what may enter where', () => {
  it('the rooms of the library only stand on rooms below them', () => {
    const wrong = sources
      .filter(({path}) => path.startsWith('packages/lib/src/'))
      .flatMap(({path, imports}) => {
        const room = path.split('/')[3] ?? '';
        const allowed = [room, ...(mayStandOn[room] ?? [])];
        return imports
          .filter(specifier => specifier.startsWith('.') || specifier.startsWith('@fiona/'))
          .filter(specifier => !allowed.includes(libRoom(path, specifier) ?? 'outside'))
          .map(specifier => `${path} imports ${specifier}`);
      });
    expect(wrong).toEqual([]);
  });

  it('a tool imports nothing of another tool, only of itself and the library', () => {
    const wrong = sources
      .filter(({path}) => !path.startsWith('packages/lib/'))
      .flatMap(({path, imports}) =>
        imports
          .filter(specifier => specifier.startsWith('@fiona/') && !specifier.startsWith('@fiona/lib/'))
          .concat(imports.filter(specifier => specifier.startsWith('.') && leavesPackage(path, specifier)))
          .map(specifier => `${path} imports ${specifier}`),
      );
    expect(wrong).toEqual([]);
  });

  it('no module imports itself in a circle', () => {
    expect(circles()).toEqual([]);
  });
});

function leavesPackage(path: string, specifier: string): boolean {
  const depth = path.slice(packageOf(path).length + 1).split('/').length - 1;
  return specifier.split('/').filter(part => part === '..').length > depth;
}

function circles(): string[] {
  const graph = new Map(
    sources.map(({path, text}) => [
      path,
      [...text.matchAll(/^(?:import|export)\s+[^;'"]*?from\s*['"](\.[^'"]+)['"]/gm)].map(match =>
        new URL(match[1] ?? '', `file:///${path}`).pathname.slice(1),
      ),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (done.has(path) || trail.includes(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}

describe('how files look', () => {
  /** Data in the form of a module: as long as their tables. */
  const tables = /\/(profile|vocabulary|dictionary)[^/]*\/|[dD]ictionaryTable|\.generated\.ts$|Table\.ts$/;

  it('stay under 300 lines, except tables', () => {
    const long = sources.filter(({path, text}) => !tables.test(path) && text.split('\n').length > 301);
    expect(long.map(({path, text}) => `${path}: ${text.split('\n').length}`)).toEqual([]);
  });

  it('keep main.ts under 60 lines: wiring, no logic', () => {
    const long = sources.filter(({path, text}) => path.endsWith('/main.ts') && text.split('\n').length > 61);
    expect(long.map(({path}) => path)).toEqual([]);
  });

  it('give every exported function and class of the library a doc comment', () => {
    const bare = sources
      .filter(({path}) => path.startsWith('packages/lib/src/'))
      .flatMap(({path, text}) => {
        const lines = text.split('\n');
        return lines.flatMap((line, index) =>
          isExportedCode(line) && !isDocumented(lines, index) ? [`${path}:${index + 1} ${line}`] : [],
        );
      });
    expect(bare).toEqual([]);
  });
});

/** A declaration of a function or class, or of a constant that is a function. */
function isExportedCode(line: string): boolean {
  return /^export ((abstract |async )*(function|class)\b|const \w+ = (async )?\()/.test(line);
}

/** A comment directly above, or above the first overload of the same function. */
function isDocumented(lines: readonly string[], index: number): boolean {
  const above = lines[index - 1]?.trim() ?? '';
  if (above.endsWith('*/')) return true;
  return above.startsWith('export') && above.endsWith(';') && isDocumented(lines, index - 1);
}
