import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {Deidentifier} from '../../src/deid/engine.ts';
import type {DeidOutcome} from '../../src/deid/outcome.ts';
import type {DeidRequest} from '../../src/deid/request.ts';
import {TallySum} from '../../src/deid/tally.ts';
import {DicomError} from '../../src/dicom/dicomError.ts';
import {parseInstance} from '../../src/dicom/read.ts';
import type {NewElement} from '../../src/dicom/write.ts';
import {aFile, aRequest, bytes, sequence, text} from './support/instances.ts';

const cleared: DeidRequest = {...aRequest, pixelGate: {cleared: true, burned: false}};

/** Bytes, counts or reason: all that an outcome is. */
function facts(outcome: DeidOutcome): unknown {
  if (outcome.kind !== 'written') return outcome;
  const sum = new TallySum();
  sum.add(outcome.tallies);
  const {actions, counts} = sum.total();
  return {
    ...outcome.identity,
    chunks: outcome.chunks.map(chunk => (Buffer.isBuffer(chunk) ? chunk.toString('latin1') : chunk)),
    actions: [...actions].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    counts,
    tallies: undefined,
  };
}

function run(deidentifier: Deidentifier, file: Buffer): unknown {
  try {
    const instance = parseInstance(file);
    return facts(deidentifier.deidentify(instance, ({offset, length}) => file.subarray(offset, offset + length)));
  } catch (error) {
    if (error instanceof DicomError) return error.reason;
    throw error;
  }
}

const alone = async (file: Buffer) => run(await Deidentifier.create(cleared), file);

async function expectSameAsAlone(files: readonly Buffer[]): Promise<void> {
  const shared = await Deidentifier.create(cleared);
  for (const file of files) expect(run(shared, file)).toEqual(await alone(file));
}

/** Instances of one study whose elements are drawn from few: most come again, next to others. */
const studies = fc.array(
  fc.record({
    instance: fc.integer({min: 1, max: 4}),
    // words of the trade too: they stay in a text unless they are this patient's name; the last one is another in each set
    name: fc.constantFrom('HEAD^ANNA', 'BRAIN^BERTIL', 'K\xc3\xb8NN^CARL', undefined),
    description: fc.constantFrom('head T2', 'brain head T2', 'as 1.2.826.0.1.77.2 before', 'k\xc3\xb8nn T2'),
    layers: fc.shuffledSubarray(['ARROWS', 'ZYXWVUT', 'MASK'], {minLength: 1}),
    annotated: fc.constantFrom('ARROWS', 'MASK'),
    set: fc.constantFrom('ISO_IR 100', 'ISO_IR 192', 'ISO_IR 999'),
    syntax: fc.constantFrom('1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'),
    creator: fc.constantFrom('SIEMENS MR HEADER', 'SOMEBODY ELSE'),
  }),
  {minLength: 2, maxLength: 6},
);

type Drawn = typeof studies extends fc.Arbitrary<(infer One)[]> ? One : never;

function fileOf({instance, name, description, layers, annotated, set, syntax, creator}: Drawn): Buffer {
  const elements: NewElement[] = [
    text(0x0008_0005, 'CS', set),
    text(0x0008_0018, 'UI', `1.2.826.0.1.77.${instance}`),
    bytes(0x0008_103e, 'LO', Buffer.from(description, 'latin1')),
    sequence(0x0008_1140, [
      [text(0x0008_1150, 'UI', '1.2.840.10008.5.1.4.1.1.4'), text(0x0008_1155, 'UI', '1.2.826.0.1.77.1')],
    ]),
    ...(name === undefined ? [] : [bytes(0x0010_0010, 'PN', Buffer.from(name, 'latin1'))]),
    text(0x0010_0020, 'LO', '4711999'),
    text(0x0019_0010, 'LO', creator),
    text(0x0019_100c, 'IS', '1000'),
    sequence(0x0070_0001, [[text(0x0070_0002, 'CS', annotated)]]),
    sequence(
      0x0070_0060,
      layers.map(layer => [text(0x0070_0002, 'CS', layer)]),
    ),
  ];
  return aFile(elements, syntax);
}

describe('an engine that has seen other instances', () => {
  it('does with the next one what a new engine does', async () => {
    await fc.assert(
      fc.asyncProperty(studies, async drawn => expectSameAsAlone(drawn.map(fileOf))),
      {numRuns: 60, seed: 20_240_131},
    );
  });

  it('does so with real files, whatever their order', async () => {
    const folder = '/usr/lib/python3/dist-packages/pydicom/data/test_files';
    const files = readdirSync(folder)
      .filter(name => name.endsWith('.dcm'))
      .map(name => readFileSync(join(folder, name)))
      .filter(({length}) => length < 1_000_000);
    expect(files.length).toBeGreaterThan(50);
    await expectSameAsAlone([...files, ...files.toReversed()]);
  });

  it('finds a UID in bytes that were harmless in the instance before', async () => {
    const withUid = (uid: string) =>
      aFile([text(0x0008_0018, 'UI', uid), bytes(0x0028_1201, 'OW', Buffer.from('1.2.826.0.1.78'))]);
    const [harmless, harmful] = [withUid('1.2.826.0.1.77'), withUid('1.2.826.0.1.78')] as const;
    await expectSameAsAlone([harmless, harmful]);
    expect(await alone(harmless)).toHaveProperty('actions');
    expect(await alone(harmful)).toMatchObject({reason: 'identifier-survived'});
  });
});
