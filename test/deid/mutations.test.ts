import {Deidentifier} from '@fiona/lib/deid/engine';
import {gatewayRows} from '@fiona/lib/deid/profile/gatewayRows';
import {patternRows} from '@fiona/lib/deid/profile/patternRows';
import {Profile, type Rule} from '@fiona/lib/deid/profile/profile';
import {profileTable} from '@fiona/lib/deid/profile/table';
import {walkElements} from '@fiona/lib/dicom/dataSet';
import {parseInstance} from '@fiona/lib/dicom/read';
import {formatTag, isPrivate, type Tag} from '@fiona/lib/dicom/tag';
import {beforeAll, describe, expect, it, vi} from 'vitest';
import {type CorpusInstance, makeInstance} from './corpus/corpus.ts';
import {corpusRequest, process} from './corpus/run.ts';

/**
 * What is tested here is the checker: would it notice a hole in the profile? So the profile gets holes, one at a time: a rule
 * that lets its elements through as they are, items and all.
 */
const hole = vi.hoisted(() => ({
  isIn: (_rule: Rule): boolean => false,
  /** Items of sequences that go through. */
  items: new WeakSet<object>(),
  /** Private elements go through. */
  isPrivate: false,
  /** Tags that go through. */
  tags: new Set<number>(),
}));

vi.mock('../../packages/lib/src/deid/profile/profile.ts', async load => {
  const actual = await load<typeof import('@fiona/lib/deid/profile/profile')>();
  class HoledProfile extends actual.Profile {
    override ruleOf(tag: Tag): Rule {
      const rule = super.ruleOf(tag);
      if (!hole.isIn(rule)) return rule;
      hole.tags.add(tag);
      return {...rule, vr: rule.vr ?? 'UN', action: rule.vr === 'SQ' ? 'sequence' : 'modelText', identifier: undefined};
    }
  }
  return {...actual, Profile: HoledProfile};
});

vi.mock('../../packages/lib/src/deid/actions.ts', async load => {
  const actual = await load<typeof import('@fiona/lib/deid/actions')>();
  const {keepIt} = await import('@fiona/lib/deid/decision');
  const decide: typeof actual.decide = (action, value, setting) =>
    hole.tags.has(value.tag) || (hole.isPrivate && isPrivate(value.tag))
      ? keepIt
      : actual.decide(action, value, setting);
  return {...actual, decide};
});

vi.mock('../../packages/lib/src/deid/place.ts', async load => {
  const actual = await load<typeof import('@fiona/lib/deid/place')>();
  const placeOfItem: typeof actual.placeOfItem = (item, action, outer, sequence, items) => {
    if (hole.tags.has(sequence.tag)) hole.items.add(item);
    return actual.placeOfItem(item, action, outer, sequence, items);
  };
  return {...actual, placeOfItem};
});

vi.mock('../../packages/lib/src/deid/walker.ts', async load => {
  const actual = await load<typeof import('@fiona/lib/deid/walker')>();
  class HoledWalker extends actual.Walker {
    override walk(...[holder, place]: Parameters<InstanceType<typeof actual.Walker>['walk']>): void {
      if (!hole.items.has(holder)) super.walk(holder, place);
    }
  }
  return {...actual, Walker: HoledWalker};
});

vi.mock('../../packages/lib/src/deid/profile/safePrivate.ts', async load => {
  const actual = await load<typeof import('@fiona/lib/deid/profile/safePrivate')>();
  class HoledSafePrivate extends actual.SafePrivate {
    override find(...[creator, tag]: Parameters<InstanceType<typeof actual.SafePrivate>['find']>) {
      return hole.isPrivate ? {vr: 'LO' as const, mostValues: Number.POSITIVE_INFINITY} : super.find(creator, tag);
    }
  }
  return {...actual, SafePrivate: HoledSafePrivate};
});

let byTag: Map<Tag, CorpusInstance[]>;

beforeAll(() => {
  byTag = new Map();
  for (let index = 0; index < 400; index++) {
    const instance = makeInstance(1, index);
    // the proof finds these whatever the profile is
    if (instance.kind.setAside === 'identifier-survived') continue;
    const tags = new Set<Tag>();
    walkElements(parseInstance(instance.file).dataSet, ({tag}) => void tags.add(tag));
    for (const tag of tags) byTag.set(tag, [...(byTag.get(tag) ?? []), instance]);
  }
});

const characterSetTag = 0x0008_0005;

/** Whether the checker, or the engine's own proof, notices that elements with these rules go through. */
async function isNoticed(isIn: (rule: Rule) => boolean, instances: readonly CorpusInstance[]): Promise<boolean> {
  for (const instance of instances) {
    hole.isIn = isIn;
    hole.tags.clear();
    const result = process(await Deidentifier.create(corpusRequest), instance);
    hole.isIn = () => false;
    if (result.kind === 'written' ? result.leaks.length > 0 : result.reason === 'identifier-survived') return true;
  }
  return false;
}

async function unnoticed(tags: readonly Tag[]): Promise<string[]> {
  const missed: string[] = [];
  for (const tag of tags)
    if (!(await isNoticed(rule => rule.tag === tag, byTag.get(tag) ?? []))) missed.push(formatTag(tag));
  return missed;
}

describe('a hole in the profile is noticed, one row at a time:', () => {
  it('no hole, nothing to notice', async () => {
    expect(await isNoticed(() => false, byTag.get(0x0010_0010) ?? [])).toBe(false);
  });

  it('rows of Table E.1-1; only groups that are no part of a data set are not planted', async () => {
    const tags = profileTable.map(([tag]) => tag);
    expect(tags.filter(tag => !byTag.has(tag) && tag >>> 16 > 0x0004).map(formatTag)).toEqual([]);
    expect(await unnoticed(tags.filter(tag => byTag.has(tag)))).toEqual([]);
  }, 120_000);

  it('rows of the gateway, but for pixels, samples, colours and points, which are kept as they are', async () => {
    const bulk: ReadonlySet<string> = new Set(['OW', 'OF', 'OD', 'OL', 'US']);
    const rows = gatewayRows.filter(
      ([tag, , vr, action]) => tag !== characterSetTag && !(action === 'keep' && bulk.has(vr)),
    );
    const tags = rows.map(([tag]) => tag);
    expect(tags.filter(tag => !byTag.has(tag)).map(formatTag)).toEqual([]);
    expect(await unnoticed(tags)).toEqual([]);
  }, 60_000);

  it('rows for whole groups, but for those that no data set can hold', async () => {
    const profile = new Profile(corpusRequest);
    const missed: string[] = [];
    for (const [pattern, keyword] of patternRows) {
      const isIn = (rule: Rule) => rule.source === 'pattern' && rule.keyword === keyword;
      const tags = [...byTag.keys()].filter(tag => !isPrivate(tag) && isIn(profile.ruleOf(tag)));
      const instances = new Set(tags.flatMap(tag => byTag.get(tag) ?? []));
      if (!(await isNoticed(isIn, [...instances]))) missed.push(pattern);
    }
    // private elements are next; file meta and delimiters are never elements of a data set
    expect(missed).toEqual(['gggg,eeee where gggg is odd', '0002,xxxx', 'FFFE,xxxx']);
  }, 60_000);

  it('rules by VR for what no row names', async () => {
    const profile = new Profile(corpusRequest);
    const tags = [...byTag.keys()].filter(tag => !isPrivate(tag) && profile.ruleOf(tag).source === 'VR');
    const vrs = new Set(tags.map(tag => profile.ruleOf(tag).vr));
    const missed: (string | undefined)[] = [];
    for (const vr of vrs) {
      const instances = new Set(tags.filter(tag => profile.ruleOf(tag).vr === vr).flatMap(tag => byTag.get(tag) ?? []));
      const isIn = (rule: Rule) => rule.source === 'VR' && rule.vr === vr;
      if (!(await isNoticed(isIn, [...instances]))) missed.push(vr);
    }
    expect(missed).toEqual([]);
  }, 60_000);

  it('the list of safe private elements', async () => {
    hole.isPrivate = true;
    const noticed = await isNoticed(() => false, byTag.get(0x0009_1002) ?? []);
    hole.isPrivate = false;
    expect(noticed).toBe(true);
  });
});
