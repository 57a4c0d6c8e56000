import {classifyImage} from '../../src/classify/evaluate.ts';
import {parseRules} from '../../src/classify/ruleFile.ts';
import {type Attributes, anImage, d1} from './helpers.ts';

/** Types after a series of images; the series summary is given or empty. */
export function classify(
  rules: readonly object[],
  images: readonly Attributes[] = [d1],
  series: Record<string, unknown> = {},
): {types: string[]; failed: string[]} {
  const set = parseRules(JSON.stringify(rules));
  let state: {types: string[]; failed: string[]} = {types: [], failed: []};
  for (const image of images) {
    const {types, failed} = classifyImage(set, {series, dataSet: anImage(image), ...state});
    state = {types, failed};
  }
  return state;
}

export const types = (...args: Parameters<typeof classify>) => classify(...args).types;

/** A rule object of one condition. */
export const one = (condition: object) => [{type: 'T', rules: [condition]}];
