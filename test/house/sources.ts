import {readFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import glob from 'fast-glob';

export const repo = dirname(dirname(import.meta.dirname));

/** A source file of the product (no tests) with what it imports. */
export interface SourceFile {
  /** Path from the repository's root. */
  readonly path: string;
  readonly text: string;
  /** Module specifiers as written, of static, dynamic and type imports. */
  readonly imports: readonly string[];
}

/** All product sources below `packages/`. */
export function productSources(): SourceFile[] {
  const paths = glob.sync('packages/**/src/**/*.ts', {cwd: repo, ignore: ['**/node_modules/**']});
  return paths.sort().map(path => {
    const text = readFileSync(join(repo, path), 'utf8');
    const found = text.matchAll(/(?:^(?:import|export)\b[^;'"]*?from\s*|^import\s*|\bimport\()\s*['"]([^'"]+)['"]/gm);
    return {path, text, imports: [...found].map(match => match[1] ?? '')};
  });
}

/** The package folder (`packages/bin/populateIncoming`) that a source lies in. */
export function packageOf(path: string): string {
  return path.slice(0, path.indexOf('/src/'));
}

/** The room of `@fiona/lib` that an import leads to, seen from `file`; undefined when it leads elsewhere. */
export function libRoom(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('@fiona/lib/')) return specifier.split('/')[2];
  if (!specifier.startsWith('.')) return undefined;
  const target = relative(join(repo, 'packages/lib/src'), join(repo, dirname(file), specifier));
  return target.startsWith('..') ? undefined : target.split('/')[0];
}
