import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {configurationPage, documentedKeys} from '../../src/config/documentation.ts';

it('every key has a meaning, a type and its users', () => {
  const keys = documentedKeys();
  expect(keys.length).toBeGreaterThan(250);
  expect(new Set(keys.map(({key}) => key)).size).toBe(keys.length);
  for (const {key, meaning, usedBy, type} of keys) {
    expect(meaning, key).not.toBe('');
    expect(usedBy, key).toMatch(/^(?:all\b.*|RC|[A-Z][A-Z0-9](?: [A-Z][A-Z0-9])*)$/);
    expect(type, key).not.toBe('a value');
  }
});

it('docs/configuration.md is current', () => {
  expect(readFileSync(join(import.meta.dirname, '../../../../docs/configuration.md'), 'utf8')).toBe(
    configurationPage(),
  );
});
