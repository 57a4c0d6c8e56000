import {readFileSync} from 'node:fs';
import {whyOf} from '@fiona/lib/fs/fileError';
import {LoadError} from '../project/loadError.ts';

/**
 * JSON of a file, or of stdin for `-`.
 * @throws LoadError when it cannot be read or is not JSON
 */
export function readJsonInput(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new LoadError(path, [whyOf(error)]);
  }
  return parseJson(text, path);
}

/** @throws LoadError when the text is not JSON */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new LoadError(source, [text.trim() === '' ? 'it is empty, expected JSON' : 'it is not JSON']);
  }
}
