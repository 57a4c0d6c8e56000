import type {Decision} from '@fiona/lib/deid/decision';
import type {Place} from '@fiona/lib/deid/place';
import type {Action} from '@fiona/lib/deid/profile/profileRow';
import {type DataSet, findElement} from '@fiona/lib/dicom/dataSet';
import type {Tag} from '@fiona/lib/dicom/tag';
import {afterEach, beforeAll, describe, expect, it, vi} from 'vitest';
import type {CorpusInstance} from './corpus/corpus.ts';
import type * as Run from './corpus/run.ts';
import type {Score as ScoreClass} from './corpus/score.ts';

/**
 * Would checker and score notice if the engine left something undone? Every step of it is taken away once, from outside: its modules are
 * loaded with their exported functions behind a switch, and its classes have methods replaced.
 */
type Anything = (...args: never[]) => unknown;
type Off = Anything;

interface Step {
  readonly undone: string;
  readonly file: string;
  readonly name: string;
  readonly off: Off;
}

const off = new Map<string, Off>();
const lib = '../../packages/lib/src';

const asItIs = (value: unknown) => value;
const kept: Decision = {kind: 'keep', label: 'keep'};
const asCoded = () => ({pieces: undefined, cut: 0});
let current: CorpusInstance | undefined;

const steps: readonly Step[] = [
  {undone: 'shifting dates', file: 'deid/dates', name: 'shiftDate', off: asItIs},
  {undone: 'shifting dates with times', file: 'deid/dates', name: 'shiftDateTime', off: asItIs},
  {undone: 'checking times', file: 'deid/dates', name: 'keepTime', off: asItIs},
  {undone: 'checking offsets from UTC', file: 'deid/dates', name: 'keepTimezone', off: asItIs},
  {undone: 'checking ages', file: 'deid/dates', name: 'capAge', off: asItIs},
  {undone: 'a date for studies without one', file: 'deid/pseudonym', name: 'fallbackStudyDate', off: () => ''},
  {undone: 'pseudonyms of accession numbers', file: 'deid/pseudonym', name: 'pseudonymousAccessionNumber', off: asItIs},
  {undone: 'pseudonyms of study ids', file: 'deid/pseudonym', name: 'pseudonymousStudyId', off: asItIs},
  {undone: 'pseudonyms of devices', file: 'deid/pseudonym', name: 'pseudonymousDevice', off: asItIs},
  {undone: 'pseudonyms of lesions', file: 'deid/pseudonym', name: 'pseudonymousTrackingId', off: asItIs},
  {undone: 'dummies', file: 'deid/dummies', name: 'dummyOf', off: () => kept},
  {
    undone: 'cleaning descriptions',
    file: 'deid/text/descriptor',
    name: 'cleanDescriptor',
    off: text => ({text, dropped: []}),
  },
  {undone: 'looking for known identifiers', file: 'deid/text/descriptor', name: 'holdsIdentifier', off: () => false},
  {undone: 'folding of spellings', file: 'deid/text/fold', name: 'foldings', off: text => [text]},
  {undone: 'dropping what nobody sees', file: 'deid/text/fold', name: 'withoutInvisible', off: asItIs},
  {undone: 'checking numbers in texts', file: 'deid/numbers', name: 'classifyNumberText', off: () => 'numbers'},
  {undone: 'checking numbers in bytes', file: 'deid/numbers', name: 'areNumbers', off: () => true},
  {undone: 'emptying colour profiles of texts', file: 'deid/iccProfile', name: 'numericIccProfile', off: asItIs},
  {
    undone: 'noticing overlays in pixels',
    file: 'deid/pixels/overlayBits',
    name: 'hasEmbeddedOverlay',
    off: () => false,
  },
  {undone: 'clearing overlays in pixels', file: 'deid/pixels/overlayBits', name: 'clearUnusedBits', off: () => 0},
  {undone: 'cleaning JPEG streams', file: 'deid/pixels/jpeg', name: 'cleanJpeg', off: asCoded},
  {undone: 'cleaning JPEG 2000 streams', file: 'deid/pixels/jpeg2000', name: 'cleanJpeg2000', off: asCoded},
  {undone: 'cleaning RLE streams', file: 'deid/pixels/rle', name: 'cleanRle', off: asCoded},
  {undone: 'refusing classes', file: 'deid/gate', name: 'checkSopClass', off: () => undefined},
  {undone: 'the pixel gate', file: 'deid/gate', name: 'pixelRisk', off: () => 'none'},
  {
    undone: 'cutting pixel data to the image',
    file: 'deid/pixels/nativePixels',
    name: 'nativeLength',
    off: (root: DataSet, tag: Tag) => {
      const element = findElement(root, tag);
      return element === undefined ? undefined : element.valueEnd - element.valueStart;
    },
  },
  {
    undone: 'telling items apart by what they are for',
    file: 'deid/place',
    name: 'placeOfItem',
    off: (_item: never, _action: never, {depth}: Place) => ({depth: depth + 1, mode: 'normal', publicCode: false}),
  },
  {
    undone: 'doubting codes of local schemes',
    file: 'deid/place',
    name: 'placeOfItem',
    off: (_item: never, _action: never, {depth}: Place) => ({depth: depth + 1, mode: 'normal', publicCode: true}),
  },
  {undone: 'the proof', file: 'deid/prove', name: 'examine', off: () => ({survivor: undefined, uids: []})},
  {undone: 'the stamps', file: 'deid/stamp', name: 'stampElements', off: () => []},
  {
    undone: 'a beginning of its own: preamble and file meta information',
    file: 'dicom/write',
    name: 'part10Header',
    off: () => current?.file.subarray(0, 144 + (current?.file.readUInt32LE(140) ?? 0)),
  },
];

/** Descriptions, narratives, codes: each rule for texts. */
const textRules = ['descriptor', 'narrative', 'description', 'modelText', 'retainedText', 'codeString'] as const;
const allSteps: readonly Step[] = [
  ...steps,
  ...textRules.map(name => ({undone: `the rule "${name}" for texts`, file: 'deid/textActions', name, off: () => kept})),
];

/** Each action of the profile, as the engine carries it out. */
let undoneAction: {readonly action: Action; readonly decision: Decision} | undefined;

function loadEngineBehindSwitches(): void {
  for (const file of new Set(allSteps.map(step => step.file))) {
    vi.doMock(`${lib}/${file}.ts`, async load => {
      const module: Record<string, unknown> = {...(await load<Record<string, unknown>>())};
      for (const {name} of allSteps.filter(step => step.file === file)) {
        const actual = module[name] as Anything;
        module[name] = (...args: never[]) => (off.get(`${file} ${name}`) ?? actual)(...args);
      }
      return module;
    });
  }
  vi.doMock(`${lib}/deid/actions.ts`, async load => {
    const actual = await load<typeof import('@fiona/lib/deid/actions')>();
    const decide: typeof actual.decide = (action, value, setting) =>
      action === undoneAction?.action ? undoneAction.decision : actual.decide(action, value, setting);
    return {...actual, decide};
  });
}

let run: typeof Run;
let Score: typeof ScoreClass;
let instances: readonly CorpusInstance[];

beforeAll(async () => {
  loadEngineBehindSwitches();
  run = await import('./corpus/run.ts');
  ({Score} = await import('./corpus/score.ts'));
  const {makeInstance, makeInstanceOf} = await import('./corpus/corpus.ts');
  const {setAsideKinds} = await import('./corpus/kinds.ts');
  instances = [
    ...Array.from({length: 250}, (_, index) => makeInstance(9, index)),
    ...setAsideKinds.map((kind, index) => makeInstanceOf(kind, 9, index)),
  ];
});

afterEach(() => {
  off.clear();
  undoneAction = undefined;
  current = undefined;
});

/** What the checker and the score say first: nothing when all is as it should be. */
async function firstNotice(): Promise<string | undefined> {
  const {Deidentifier} = await import('@fiona/lib/deid/engine');
  const deidentifier = await Deidentifier.create(run.corpusRequest);
  for (const instance of instances) {
    current = instance;
    const result = run.process(deidentifier, instance);
    const reason = result.kind === 'written' ? undefined : result.reason;
    if (reason !== instance.kind.setAside) return `${instance.name}: ${reason ?? 'written'}`;
    if (result.kind !== 'written') continue;
    if (result.leaks[0] !== undefined) return `${instance.name}: leak of a ${result.leaks[0].kind}`;
    const score = new Score(run.corpusRequest);
    score.add(instance, result.file);
    if (score.failures[0] !== undefined) return score.failures[0];
  }
  return undefined;
}

describe('checker and score notice when the engine leaves something undone:', () => {
  it('nothing, when nothing is', async () => {
    expect(await firstNotice()).toBeUndefined();
  });

  it.each(allSteps)('$undone', async ({file, name, off: replacement}) => {
    off.set(`${file} ${name}`, replacement);
    expect(await firstNotice()).toBeDefined();
  });
});

/** What a step of a class leaves when it is not taken. */
async function withoutMethod(
  file: string,
  name: string,
  method: string,
  replacement: Off,
): Promise<string | undefined> {
  const module: Record<string, {prototype: Record<string, unknown>}> = await import(`${lib}/${file}.ts`);
  const {prototype} = module[name] ?? raise(name);
  const actual = prototype[method] ?? raise(method);
  prototype[method] = replacement;
  try {
    return await firstNotice();
  } finally {
    prototype[method] = actual;
  }
}

const nothing = () => undefined;
const methods: readonly (readonly [undone: string, file: string, name: string, method: string, replacement: Off])[] = [
  ['mapping UIDs', 'deid/uid', 'UidMapper', 'map', asItIs],
  ['naming layers', 'deid/layerNames', 'LayerNames', 'newName', asItIs],
  ['gathering what identifies', 'deid/identifiers', 'Gatherer', 'visit', nothing],
  ['finding sequences in values of VR UN', 'deid/instanceItems', 'InstanceItems', 'hidden', nothing],
  ['judging public elements', 'deid/walker', 'Walker', 'walkPublic', nothing],
  ['judging private elements', 'deid/walker', 'Walker', 'walkPrivates', nothing],
  ['cutting parts of coded streams', 'deid/pixels/codestream', 'PieceList', 'cut', nothing],
  ['blanking parts of coded streams', 'deid/pixels/codestream', 'PieceList', 'blank', nothing],
  ['cutting what is behind coded streams', 'deid/pixels/codestream', 'PieceList', 'finish', asCoded],
];

describe('checker and score notice when a class leaves something undone:', () => {
  it.each(methods)('%s', async (_, file, name, method, replacement) => {
    expect(await withoutMethod(file, name, method, replacement)).toBeDefined();
  });

  it('leaving out what is behind the data set', async () => {
    const {Deidentifier} = await import('@fiona/lib/deid/engine');
    const actual = Deidentifier.prototype.deidentify;
    Deidentifier.prototype.deidentify = function withTail(instance, ...rest) {
      const outcome = actual.call(this, instance, ...rest);
      const tail = current?.file.subarray(current.file.length - instance.trailingBytes);
      return outcome.kind === 'written' && tail !== undefined
        ? {...outcome, chunks: [...outcome.chunks, tail]}
        : outcome;
    };
    const notice = await firstNotice();
    Deidentifier.prototype.deidentify = actual;
    expect(notice).toMatch(/leak|unreadable/);
  });

  it('each stamp, but that of cleaned pixels, which nothing here has', async () => {
    const {stampRows} = await import('@fiona/lib/deid/profile/stampRows');
    const rows = stampRows as (typeof stampRows)[number][];
    const missed: string[] = [];
    for (const row of rows.filter(([, , , , condition]) => condition !== 'cleanedPixels')) {
      const at = rows.indexOf(row);
      rows.splice(at, 1);
      if ((await firstNotice()) === undefined) missed.push(row[1]);
      rows.splice(at, 0, row);
    }
    expect(missed).toEqual([]);
  });

  it.each(['identifyingConcepts', 'studyReferenceSequences', 'publicSchemes'] as const)('the list %s', async name => {
    const codes = await import('@fiona/lib/deid/profile/codes');
    const list = codes[name] as Set<unknown>;
    const members = [...list];
    list.clear();
    const notice = await firstNotice();
    for (const member of members) list.add(member);
    expect(notice).toBeDefined();
  });
});

function raise(what: string): never {
  throw new Error(`there is no ${what}`);
}

/** Carried out by the walk, by the stamps, or on pixels, before a value would be looked at. */
const notOfValues: ReadonlySet<Action> = new Set([
  'remove',
  'sequence',
  'codes',
  'identity',
  'requestAttributes',
  'stamp',
  'document',
  'offsetTable',
]);

describe('checker and score notice when an action', async () => {
  const {gatewayRows} = await vi.importActual<typeof import('@fiona/lib/deid/profile/gatewayRows')>(
    '@fiona/lib/deid/profile/gatewayRows',
  );
  const {profileTable} = await vi.importActual<typeof import('@fiona/lib/deid/profile/table')>(
    '@fiona/lib/deid/profile/table',
  );
  const inUse = [...new Set([...gatewayRows.map(([, , , action]) => action), ...profileTable.map(row => row[5])])];

  it.each(inUse.filter(action => !notOfValues.has(action)))('"%s" lets values through', async action => {
    undoneAction = {action, decision: kept};
    expect(await firstNotice()).toBeDefined();
  });

  const removing: ReadonlySet<Action> = new Set(['narrative']);
  const leaving = inUse.filter(action => !notOfValues.has(action) && !removing.has(action));
  it.each(leaving)('"%s" removes too much', async action => {
    undoneAction = {action, decision: {kind: 'remove', label: 'remove'}};
    expect(await firstNotice()).toBeDefined();
  });
});
