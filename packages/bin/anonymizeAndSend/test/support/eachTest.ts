import {parseInstance} from '@fiona/lib/dicom/read';
import {text} from '@fiona/lib/dicom/values';
import type {SampleStudy} from '@fiona/sandbox/samples/studies';
import {afterAll, afterEach, beforeAll, beforeEach} from 'vitest';
import {type Services, startServices, TestGateway, type Wish} from './gateway.ts';
import {type PlacedSeries, placeStudy, smallStudy} from './sampleOnDisk.ts';

/** What each test of a file has for itself. */
export interface EachTest {
  /** For all tests of the file. */
  services: Services;
  gateway: TestGateway;
  /** The log of all runs of this test. */
  log: string;
  /** Runs the job in this process. */
  run: TestGateway['run'];
  /** A study of two series with three instances each, on disk and asked for; `change`: of its summaries. */
  askedStudy(wish?: Wish, change?: Record<string, unknown>): Promise<AskedStudy>;
}

export interface AskedStudy {
  readonly study: SampleStudy;
  readonly uid: string;
  readonly series: readonly PlacedSeries[];
  /** Path of the request. */
  readonly request: string;
}

/** Gives each test a gateway of its own. After each, nothing that people may look at holds a planted identifier. */
export function gatewayForEachTest(): EachTest {
  let services: Services | undefined;
  let gateway: TestGateway | undefined;
  const each: EachTest = {
    get services() {
      return started(services);
    },
    get gateway() {
      return started(gateway);
    },
    log: '',
    async run(...args) {
      const end = await each.gateway.run(...args);
      each.log += end.log;
      return end;
    },
    async askedStudy(wish = {}, change = {}) {
      const study = smallStudy();
      const uid = study.studyInstanceUid;
      const series = placeStudy(each.gateway.dataDir, study, change);
      return {study, uid, series, request: await each.gateway.ask(uid, wish)};
    },
  };
  beforeAll(async () => {
    services = await startServices();
  });
  beforeEach(() => {
    gateway = new TestGateway(each.services);
    each.log = '';
  });
  afterEach(async () => {
    await each.services.sandbox.clearFaults();
    const {proxy} = each.services;
    proxy.fate = () => 'pass';
    proxy.answered = () => {};
    each.gateway.expectNoIdentifiers(each.log);
    each.gateway.remove();
  });
  afterAll(() => services?.stop());
  return each;
}

function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('only inside of a test');
  return value;
}

/** Texts of elements of a DICOM file; undefined for what it does not have. */
export function valuesOf(content: Buffer | undefined, ...tags: number[]): (string | undefined)[] {
  if (content === undefined) throw new Error('there is no such file');
  const {dataSet} = parseInstance(content);
  return tags.map(tag => text(dataSet, tag));
}
