import {describe, expect, it} from 'vitest';
import type {DeidRequest, PixelGate} from '../../src/deid/request.ts';
import {itemsOf} from '../../src/dicom/dataSet.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import {strings, text as textAt} from '../../src/dicom/values.ts';
import {aFile, output, sequence, text} from './support/instances.ts';

interface Claims {
  readonly codes: readonly string[];
  readonly burnedIn: string | undefined;
  readonly dates: string | undefined;
}

const always = ['113100', '113103', '113104', '113105', '113108', '113111'];
const codesWith = (...more: string[]) => [...always, ...more].toSorted();

async function claims(
  request: Partial<DeidRequest>,
  burnedIn?: string,
  earlier: readonly string[] = [],
): Promise<Claims> {
  const method = earlier.map(code => [text(0x0008_0100, 'SH', code), text(0x0008_0102, 'SH', 'DCM')]);
  const file = aFile([
    ...(burnedIn === undefined ? [] : [text(0x0028_0301, 'CS', burnedIn)]),
    ...(earlier.length === 0 ? [] : [text(0x0012_0062, 'CS', 'YES'), sequence(0x0012_0064, method)]),
    text(0x0012_0063, 'LO', 'Done by Nordmann'),
  ]);
  const root = parseInstance(await output(file, request)).dataSet;
  expect(textAt(root, 0x0012_0062)).toBe('YES');
  expect(strings(root, 0x0012_0063)).toEqual([
    'Per DICOM PS 3.15 AnnexE',
    expect.stringMatching(/^Fiona \d/),
    'Profile 2026d',
  ]);
  return {
    codes: itemsOf(root, 0x0012_0064).map(item => textAt(item, 0x0008_0100) ?? ''),
    burnedIn: textAt(root, 0x0028_0301),
    dates: textAt(root, 0x0028_0303),
  };
}

const seen: PixelGate = {cleared: true, burned: false};
const cleaned: PixelGate = {cleared: true, burned: true, cleaned: true};

describe('an instance says what was done to it', () => {
  it.each<[string, Partial<DeidRequest>, string | undefined, string[], Claims]>([
    ['usually', {}, undefined, [], {codes: codesWith('113107'), burnedIn: undefined, dates: 'MODIFIED'}],
    ['with a claim of the sender', {}, 'NO', [], {codes: codesWith('113107'), burnedIn: 'NO', dates: 'MODIFIED'}],
    [
      'when the project takes text in pixels as it is',
      {pixelGate: seen},
      'YES',
      [],
      {codes: codesWith('113107'), burnedIn: 'YES', dates: 'MODIFIED'},
    ],
    [
      'when the pixels were cleaned',
      {pixelGate: cleaned},
      'YES',
      [],
      {codes: codesWith('113101', '113107'), burnedIn: 'NO', dates: 'MODIFIED'},
    ],
    [
      'when an earlier de-identification cleaned them',
      {},
      undefined,
      ['113100', '113101', '113106', '113110'],
      {codes: codesWith('113101', '113107'), burnedIn: undefined, dates: 'MODIFIED'},
    ],
    [
      'when devices stay',
      {retain: {deviceIdentity: true}},
      undefined,
      [],
      {codes: codesWith('113107', '113109'), burnedIn: undefined, dates: 'MODIFIED'},
    ],
    [
      'when dates stay',
      {dateIncrement: 0, narrative: 'clean'},
      undefined,
      [],
      {codes: codesWith('113106'), burnedIn: undefined, dates: 'UNMODIFIED'},
    ],
  ])('%s', async (_, request, burnedIn, earlier, expected) => {
    expect(await claims(request, burnedIn, earlier)).toEqual(expected);
  });
});
