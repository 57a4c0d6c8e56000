import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {silentLog} from '@fiona/lib/cli/log';
import type {DataSet} from '@fiona/lib/dicom/dataSet';
import {explicitLittleEndian} from '@fiona/lib/dicom/transferSyntax';
import {text} from '@fiona/lib/dicom/values';
import {encodeDataSet, part10Header, textElement} from '@fiona/lib/dicom/write';
import {echo} from '@fiona/lib/dimse/echoScu';
import {find, openFind} from '@fiona/lib/dimse/findScu';
import {get} from '@fiona/lib/dimse/getScu';
import type {QueryLevel} from '@fiona/lib/dimse/identifier';
import {move} from '@fiona/lib/dimse/moveScu';
import {startReceiver} from '@fiona/lib/dimse/receiver';
import {type StoreResult, storeInstances} from '@fiona/lib/dimse/storeScu';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type Pacs, startPacs} from '../../src/pacs/startPacs.ts';

const ct = '1.2.840.10008.5.1.4.1.1.2';
const explicitVr = '1.2.840.10008.1.2.1';

let folder: string;
let pacs: Pacs;
let faults: {operation: string; text: string}[];
let destinations: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pacs-'));
  destinations = join(folder, 'destinations.json');
  faults = [];
  const take = (operation: string) => {
    const at = faults.findIndex(fault => fault.operation === operation);
    return at === -1 ? undefined : faults.splice(at, 1)[0]?.text;
  };
  pacs = await startPacs({dir: join(folder, 'pacs'), port: 0, moveTo: {}, faults: {take}, log: silentLog});
});

afterEach(async () => {
  await pacs.close(0);
  rmSync(folder, {recursive: true, force: true});
});

const peer = () => ({host: '127.0.0.1', port: pacs.port, aeTitle: 'DICOM_STORAGE', callingAeTitle: 'FIONA'});

interface Sample {
  study?: string;
  series?: string;
  instance: string;
  patientId?: string;
  patientName?: string;
  date?: string;
  modality?: string;
  institution?: string;
}

function sample(options: Sample): {path: string} {
  mkdirSync(join(folder, 'samples'), {recursive: true});
  const path = join(folder, 'samples', options.instance);
  const meta = {sopClassUid: ct, sopInstanceUid: options.instance, transferSyntaxUid: explicitVr};
  const elements = [
    textElement(0x00080016, 'UI', ct),
    textElement(0x00080018, 'UI', options.instance),
    textElement(0x00080020, 'DA', options.date ?? '20240115'),
    textElement(0x00080060, 'CS', options.modality ?? 'CT'),
    textElement(0x00080080, 'LO', options.institution ?? 'P1'),
    textElement(0x00100010, 'PN', options.patientName ?? 'SUBJECT1'),
    textElement(0x00100020, 'LO', options.patientId ?? 'SUBJECT1'),
    textElement(0x0020000d, 'UI', options.study ?? '1.1'),
    textElement(0x0020000e, 'UI', options.series ?? '1.1.1'),
    {tag: 0x7fe00010, vr: 'OW' as const, value: Buffer.alloc(2000, 7)},
  ];
  writeFileSync(path, Buffer.concat([part10Header(meta), encodeDataSet(elements, explicitLittleEndian)]));
  return {path};
}

async function store(...samples: Sample[]): Promise<StoreResult[]> {
  const results: StoreResult[] = [];
  const one = {...peer(), asynchronousOperations: 1};
  await storeInstances({
    peer: one,
    instances: samples.map(sample),
    log: silentLog,
    onResult: result => results.push(result),
  });
  return results;
}

/** Two patients, three studies. */
const archive: Sample[] = [
  {study: '1.1', series: '1.1.1', instance: '1.1.1.1', modality: 'CT'},
  {study: '1.1', series: '1.1.1', instance: '1.1.1.2', modality: 'CT'},
  {study: '1.1', series: '1.1.2', instance: '1.1.2.1', modality: 'SR'},
  {study: '1.2', series: '1.2.1', instance: '1.2.1.1', modality: 'MR', date: '20240301', institution: 'P2'},
  {study: '1.3', series: '1.3.1', instance: '1.3.1.1', patientId: 'SUBJECT2', patientName: 'SUBJECT2'},
];

async function ask(level: QueryLevel, keys: [number, string][]): Promise<DataSet[]> {
  return Array.fromAsync(find({peer: peer(), level, keys: new Map(keys)}));
}

const values = (matches: DataSet[], tag: number) => matches.map(match => text(match, tag));

describe('storing in the PACS', () => {
  it('keeps each instance under study and series, data set as received', async () => {
    const results = await store(...archive);
    expect(results.map(result => result.kind)).toEqual(Array(5).fill('stored'));
    const kept = readFileSync(join(folder, 'pacs/1.1/1.1.2/1.1.2.1.dcm'));
    const sent = readFileSync(join(folder, 'samples/1.1.2.1'));
    const dataSet = (bytes: Buffer) => bytes.subarray(144 + bytes.readUInt32LE(140));
    expect(dataSet(kept).equals(dataSet(sent))).toBe(true);
    expect(readdirSync(join(folder, 'pacs/.incoming'))).toEqual([]);
  });

  it('replaces the same instance', async () => {
    await store(archive[0] as Sample);
    await store({...(archive[0] as Sample), patientName: 'RENAMED'});
    const [match] = await ask('STUDY', [[0x00100010, '']]);
    expect(match && text(match, 0x00100010)).toBe('RENAMED');
  });

  it('refuses what has no place and keeps nothing of it', async () => {
    const results = await store({study: '../../1', instance: '1.9'}, {study: '', instance: '1.8'});
    expect(results.map(result => result.status)).toEqual([0xc000, 0xc000]);
    expect(readdirSync(join(folder, 'pacs'))).toEqual(['.incoming']);
    expect(readdirSync(join(folder, 'pacs/.incoming'))).toEqual([]);
  });

  it('answers C-ECHO', async () => {
    await echo(peer());
  });
});

describe('C-FIND', () => {
  beforeEach(() => store(...archive));

  it('finds studies with counts of what they hold', async () => {
    const matches = await ask('STUDY', [
      [0x0020000d, ''],
      [0x00201206, ''],
      [0x00201208, ''],
      [0x00201200, ''],
      [0x00080061, ''],
    ]);
    expect(values(matches, 0x0020000d)).toEqual(['1.1', '1.2', '1.3']);
    expect(values(matches, 0x00201206)).toEqual(['2', '1', '1']);
    expect(values(matches, 0x00201208)).toEqual(['3', '1', '1']);
    expect(values(matches, 0x00201200)).toEqual(['2', '2', '1']);
    expect(values(matches, 0x00080061)).toEqual(['CT\\SR', 'MR', 'CT']);
    expect(values(matches, 0x00080052)).toEqual(['STUDY', 'STUDY', 'STUDY']);
  });

  it.each([
    ['a patient', 0x00100020, 'SUBJECT2', ['1.3']],
    ['a wild card', 0x00100020, '*1', ['1.1', '1.2']],
    ['a list of UIDs', 0x0020000d, '1.1\\1.3\\9', ['1.1', '1.3']],
    ['a range of dates', 0x00080020, '20240201-20240331', ['1.2']],
    ['an institution', 0x00080080, 'P2', ['1.2']],
    ['a modality in the study', 0x00080061, 'SR', ['1.1']],
  ])('filters by %s', async (_, tag, key, expected) => {
    expect(
      values(
        await ask('STUDY', [
          [tag, key],
          [0x0020000d, tag === 0x0020000d ? key : ''],
        ]),
        0x0020000d,
      ),
    ).toEqual(expected);
  });

  it('goes down to series and instances', async () => {
    const series = await ask('SERIES', [
      [0x0020000d, '1.1'],
      [0x0020000e, ''],
      [0x00080060, ''],
      [0x00201209, ''],
    ]);
    expect(values(series, 0x0020000e)).toEqual(['1.1.1', '1.1.2']);
    expect(values(series, 0x00080060)).toEqual(['CT', 'SR']);
    expect(values(series, 0x00201209)).toEqual(['2', '1']);
    const images = await ask('IMAGE', [
      [0x0020000d, '1.1'],
      [0x0020000e, '1.1.1'],
      [0x00080018, ''],
      [0x00080016, ''],
    ]);
    expect(values(images, 0x00080018)).toEqual(['1.1.1.1', '1.1.1.2']);
    expect(values(images, 0x00080016)).toEqual([ct, ct]);
  });

  it('gives unknown and lower keys back empty', async () => {
    const [match] = await ask('STUDY', [
      [0x0020000d, '1.1'],
      [0x00080060, ''],
      [0x00400100, ''],
      [0x00104000, ''],
    ]);
    expect(match && [text(match, 0x00080060), text(match, 0x00104000)]).toEqual(['', '']);
  });

  it('refuses another level with A900', async () => {
    await expect(ask('PATIENT', [[0x00100020, '']])).rejects.toMatchObject({failure: 'status', status: 0xa900});
  });

  it('answers names beyond ASCII', async () => {
    await store({study: '1.4', instance: '1.4.1', patientName: 'X'});
    const matches = await ask('STUDY', [
      [0x00100010, 'Åse*'],
      [0x0020000d, ''],
    ]);
    expect(matches).toEqual([]);
  });

  it('serves many queries on one association, stops at a limit, and forgets studies whose folder is gone', async () => {
    const session = await openFind({peer: peer()});
    const keys = new Map([[0x0020000d, '']]);
    expect(await Array.fromAsync(session.find({level: 'STUDY', keys, limit: 2}))).toHaveLength(2);
    for await (const _ of session.find({level: 'STUDY', keys})) break;
    rmSync(join(folder, 'pacs/1.1'), {recursive: true});
    expect(values(await Array.fromAsync(session.find({level: 'STUDY', keys})), 0x0020000d)).toEqual(['1.2', '1.3']);
    await session.release();
  });
});

describe('C-MOVE and C-GET', () => {
  let arrived: {uid: string; originator: string | undefined; bytes: number}[];

  const keep = {
    begin(instance: {sopInstanceUid: string; moveOriginator: string | undefined}) {
      let bytes = 0;
      return {
        write(chunk: Buffer) {
          bytes += chunk.length;
        },
        async finish() {
          arrived.push({uid: instance.sopInstanceUid, originator: instance.moveOriginator, bytes});
          return {status: 0};
        },
        abort() {},
      };
    },
  };

  beforeEach(async () => {
    arrived = [];
    await store(...archive);
  });

  async function runningDestination() {
    const receiver = await startReceiver({host: '127.0.0.1', port: 0, log: silentLog, services: {store: keep}});
    writeFileSync(destinations, JSON.stringify({DEST: {host: '127.0.0.1', port: receiver.port}}));
    return receiver;
  }

  it('moves a study to a destination of destinations.json and counts', async () => {
    const receiver = await runningDestination();
    const result = await move({
      peer: peer(),
      level: 'STUDY',
      keys: new Map([[0x0020000d, '1.1']]),
      destination: 'DEST',
    });
    expect(result).toMatchObject({kind: 'complete', status: 0, completed: 3, failed: 0});
    expect(arrived.map(one => one.uid).sort()).toEqual(['1.1.1.1', '1.1.1.2', '1.1.2.1']);
    expect(arrived[0]?.originator).toBe('FIONA');
    await receiver.close();
  });

  it('refuses an unknown destination with A801', async () => {
    const request = move({peer: peer(), level: 'STUDY', keys: new Map([[0x0020000d, '1.1']]), destination: 'NOBODY'});
    await expect(request).rejects.toMatchObject({failure: 'status', status: 0xa801});
  });

  it('says what was not moved when the destination does not answer', async () => {
    const receiver = await runningDestination();
    await receiver.close();
    const request = move({
      peer: peer(),
      level: 'SERIES',
      keys: new Map([[0x0020000e, '1.1.1']]),
      destination: 'DEST',
    });
    const missing = expect.arrayContaining(['1.1.1.1', '1.1.1.2']);
    await expect(request).rejects.toMatchObject({failure: 'incomplete', status: 0xa702, missingCount: 2, missing});
  });

  it('sends back on the same association', async () => {
    const result = await get({
      peer: peer(),
      level: 'STUDY',
      keys: new Map([[0x0020000d, '1.1']]),
      sopClasses: [ct],
      store: keep,
    });
    expect(result).toMatchObject({kind: 'complete', completed: 3});
    expect(arrived).toHaveLength(3);
    expect(arrived[0]?.bytes).toBeGreaterThan(2000);
  });

  it('counts instances the caller does not take as failed', async () => {
    const request = get({
      peer: peer(),
      level: 'STUDY',
      keys: new Map([[0x0020000d, '1.1']]),
      sopClasses: ['1.2.840.10008.5.1.4.1.1.4'],
      store: keep,
    });
    await expect(request).rejects.toMatchObject({failure: 'incomplete', counts: {failed: 3, completed: 0}});
  });

  it('acts out faults of retrievals', async () => {
    const receiver = await runningDestination();
    const request = () =>
      move({peer: peer(), level: 'STUDY', keys: new Map([[0x0020000d, '1.1']]), destination: 'DEST'});
    faults.push(
      {operation: 'move', text: 'dropInstances:1'},
      {operation: 'move', text: 'status:A701'},
      {operation: 'move', text: 'abort'},
    );
    expect(await request()).toMatchObject({kind: 'complete', completed: 3});
    expect(arrived).toHaveLength(2);
    await expect(request()).rejects.toMatchObject({status: 0xa701});
    await expect(request()).rejects.toMatchObject({failure: 'aborted'});
    await receiver.close();
  });
});

describe('faults', () => {
  it.each([
    ['reject:transient', 'rejected-transient'],
    ['reject:permanent', 'rejected-permanent'],
    ['abort', 'aborted'],
  ])('acts out %s of an association', async (fault, failure) => {
    faults.push({operation: 'associate', text: fault});
    await expect(echo(peer())).rejects.toMatchObject({failure});
    await echo(peer());
  });

  it('answers a status and stores nothing', async () => {
    faults.push({operation: 'store', text: 'status:A700'});
    const results = await store(...archive.slice(0, 2));
    expect(results.map(result => result.status).sort()).toEqual([0x0000, 0xa700]);
    expect(existsSync(join(folder, 'pacs/1.1/1.1.1/1.1.1.1.dcm'))).toBe(false);
    expect(existsSync(join(folder, 'pacs/1.1/1.1.1/1.1.1.2.dcm'))).toBe(true);
  });

  it('aborts after so many instances', async () => {
    faults.push({operation: 'store', text: 'abortAfter:2'});
    const results = await store(...archive);
    expect(results.filter(result => result.kind === 'stored')).toHaveLength(2);
    expect(results.filter(result => result.cause === 'aborted')).toHaveLength(3);
  });

  it('says success and drops', async () => {
    faults.push({operation: 'store', text: 'dropInstances:2'});
    const results = await store(...archive);
    expect(results.every(result => result.kind === 'stored')).toBe(true);
    const matches = await ask('IMAGE', [[0x00080018, '']]);
    expect(matches).toHaveLength(3);
  });

  it('caps matches, silently or with a status, and ignores keys', async () => {
    await store(...archive);
    faults.push(
      {operation: 'find', text: 'cap:1'},
      {operation: 'find', text: 'capStatus:2:A700'},
      {operation: 'find', text: 'ignoreKey:0010,0020'},
    );
    expect(await ask('STUDY', [[0x0020000d, '']])).toHaveLength(1);
    await expect(ask('STUDY', [[0x0020000d, '']])).rejects.toMatchObject({status: 0xa700});
    expect(await ask('STUDY', [[0x00100020, 'NOBODY']])).toHaveLength(3);
  });

  it('takes its time', async () => {
    faults.push({operation: 'store', text: 'delay:100'});
    const started = performance.now();
    await store(archive[0] as Sample);
    expect(performance.now() - started).toBeGreaterThan(99);
  });
});
