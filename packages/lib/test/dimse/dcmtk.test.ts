import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {silentLog} from '../../src/cli/log.ts';
import {text} from '../../src/dicom/values.ts';
import {echo} from '../../src/dimse/echoScu.ts';
import {find} from '../../src/dimse/findScu.ts';
import {get} from '../../src/dimse/getScu.ts';
import {move} from '../../src/dimse/moveScu.ts';
import {storeInstances} from '../../src/dimse/storeScu.ts';
import {
  background,
  dataSetBytes,
  eventually,
  folderStore,
  freePort,
  listening,
  peerAt,
  run,
  runningReceiver,
  temporaryFolder,
  writeSample,
  writeSamples,
} from './helpers.ts';

/** A storescp that keeps what it receives bit by bit. */
async function runningStorescp(...options: string[]) {
  const folder = temporaryFolder();
  const port = await freePort();
  const child = background('storescp', ['+xa', '+B', '-od', folder, ...options, String(port)]);
  await listening(port);
  return {folder, port, child, peer: peerAt(port)};
}

/** dcmqrscp with one writable store and the move destinations given. */
async function runningDcmqrscp(destinations: Record<string, number>) {
  const folder = temporaryFolder();
  const port = await freePort();
  mkdirSync(join(folder, 'db'));
  const hosts = Object.entries(destinations).map(
    ([aeTitle, at]) => `${aeTitle.toLowerCase()} = (${aeTitle}, localhost, ${at})`,
  );
  writeFileSync(
    join(folder, 'dcmqrscp.cfg'),
    [
      `NetworkTCPPort = ${port}`,
      'MaxPDUSize = 131072',
      'MaxAssociations = 16',
      'HostTable BEGIN',
      ...hosts,
      'HostTable END',
      'VendorTable BEGIN',
      'VendorTable END',
      'AETable BEGIN',
      `RECEIVER ${join(folder, 'db')} RW (500, 1024mb) ANY`,
      'AETable END',
    ].join('\n'),
  );
  background('dcmqrscp', ['-c', join(folder, 'dcmqrscp.cfg')]);
  await listening(port);
  return {port, peer: peerAt(port)};
}

describe('DCMTK calls our receiver', () => {
  it('echoscu, with any called AE title and also with 128 contexts', async () => {
    const {receiver} = await runningReceiver();
    for (const options of [['-aec', 'ANYTHING'], ['-ppc', '128'], ['-pts', '38'], ['--repeat', '20'], ['--abort']]) {
      const {code, output} = await run('echoscu', [...options, '127.0.0.1', String(receiver.port)]);
      expect(code, output).toBe(0);
    }
  });

  it('storescu: every data set arrives byte for byte', async () => {
    const receiver = await runningReceiver();
    const instances = writeSamples(30, {pixelBytes: 100_000});
    const {code, output} = await run('storescu', [
      '-aet',
      'MODALITY',
      '127.0.0.1',
      String(receiver.receiver.port),
      ...instances.map(one => one.path),
    ]);
    expect(code, output).toBe(0);
    expect(receiver.files()).toHaveLength(30);
    for (const {path, sopInstanceUid} of instances)
      expect(dataSetBytes(join(receiver.folder, sopInstanceUid)).equals(dataSetBytes(path))).toBe(true);
    expect(receiver.received[0]?.association).toMatchObject({callingAeTitle: 'MODALITY', calledAeTitle: 'ANY-SCP'});
  });

  it('storescu sees our refusal of each instance', async () => {
    const {receiver} = await runningReceiver({
      services: {store: {begin: () => ({write() {}, finish: async () => ({status: 0xa700}), abort() {}})}},
    });
    const [sample] = writeSamples(1);
    const {code, output} = await run('storescu', ['-v', '127.0.0.1', String(receiver.port), sample?.path ?? '']);
    expect(code).not.toBe(0);
    expect(output).toContain('OutOfResources');
  });

  it('twelve storescu at once, one of them killed', async () => {
    const receiver = await runningReceiver();
    const studies = Array.from({length: 12}, () => writeSamples(10, {pixelBytes: 60_000}));
    const victim = writeSamples(200, {pixelBytes: 600_000});
    const doomed = background('storescu', [
      '127.0.0.1',
      String(receiver.receiver.port),
      ...victim.map(one => one.path),
    ]);
    await eventually(() => receiver.received.length > 3);
    const running = studies.map(instances =>
      run('storescu', ['127.0.0.1', String(receiver.receiver.port), ...instances.map(one => one.path)]),
    );
    doomed.kill('SIGKILL');
    for (const {code, output} of await Promise.all(running)) expect(code, output).toBe(0);
    await eventually(() => receiver.receiver.openAssociations === 0);
    const files = receiver.files();
    expect(files.filter(name => name.startsWith('.'))).toEqual([]);
    for (const {sopInstanceUid} of studies.flat()) expect(files).toContain(sopInstanceUid);
  });

  it('dcmsend with many SOP classes', async () => {
    const receiver = await runningReceiver();
    const folder = temporaryFolder();
    const classes = [
      '1.2.840.10008.5.1.4.1.1.2',
      '1.2.840.10008.5.1.4.1.1.4',
      '1.2.840.10008.5.1.4.1.1.7',
      '1.2.840.10008.5.1.4.1.1.88.11',
    ];
    for (const [index, sopClassUid] of classes.entries()) writeSample(join(folder, `${index}`), {sopClassUid});
    const {code, output} = await run('dcmsend', [
      '127.0.0.1',
      String(receiver.receiver.port),
      '--scan-directories',
      folder,
    ]);
    expect(code, output).toBe(0);
    expect(receiver.received.map(one => one.sopClassUid).sort()).toEqual([...classes].sort());
  });
});

describe('we call DCMTK', () => {
  it('storescp: echo, and every data set byte for byte', async () => {
    const {folder, peer} = await runningStorescp();
    await echo(peer);
    const instances = [
      ...writeSamples(20, {pixelBytes: 200_001}),
      ...writeSamples(5, {transferSyntaxUid: '1.2.840.10008.1.2'}),
    ];
    const summary = await storeInstances({peer, instances, log: silentLog});
    expect(summary).toMatchObject({stored: 25, associations: 1});
    const sent = instances.map(one => dataSetBytes(one.path).toString('latin1')).sort();
    const kept = readdirSync(folder)
      .map(name => dataSetBytes(join(folder, name)).toString('latin1'))
      .sort();
    expect(kept).toEqual(sent);
  });

  it('storescp that takes only 4096 bytes at a time', async () => {
    const {folder, peer} = await runningStorescp('-pdu', '4096');
    const instances = writeSamples(3, {pixelBytes: 100_000});
    expect(await storeInstances({peer, instances, log: silentLog})).toMatchObject({stored: 3});
    expect(readdirSync(folder)).toHaveLength(3);
  });

  it('storescp that refuses the association or the transfer syntax, or aborts', async () => {
    const instances = writeSamples(3, {transferSyntaxUid: '1.2.840.10008.1.2.1'});
    const refusing = await runningStorescp('--refuse');
    expect(await storeInstances({peer: refusing.peer, instances, log: silentLog})).toMatchObject({
      stored: 0,
      final: 3,
      failure: {failure: 'rejected-permanent'},
    });
    const implicitOnly = await runningStorescp('+xi');
    expect(await storeInstances({peer: implicitOnly.peer, instances, convert: false, log: silentLog})).toMatchObject({
      stored: 0,
      final: 3,
    });
    const aborting = await runningStorescp('--abort-during');
    expect(await storeInstances({peer: aborting.peer, instances, log: silentLog})).toMatchObject({
      stored: 0,
      temporary: 3,
    });
  });

  it('storescp killed in the middle: what has no answer is not called stored', async () => {
    const {folder, peer, child} = await runningStorescp();
    const instances = writeSamples(100, {pixelBytes: 400_000});
    let stored = 0;
    const summary = await storeInstances({
      peer,
      instances,
      log: silentLog,
      onResult: () => {
        if (++stored === 5) child.kill('SIGKILL');
      },
    });
    expect(summary.stored + summary.temporary).toBe(100);
    expect(summary.temporary).toBeGreaterThan(0);
    expect(readdirSync(folder).length).toBeGreaterThanOrEqual(summary.stored);
    expect(summary.failure).toMatchObject({failure: 'closed'});
  });

  it('dcmqrscp: find, move to our receiver and get', async () => {
    const destination = await runningReceiver();
    const {peer} = await runningDcmqrscp({OURS: destination.receiver.port});
    const instances = [
      ...writeSamples(4, {
        studyUid: '1.2.3.50',
        seriesUid: '1.2.3.50.1',
        patientId: 'A1',
        extra: [
          [0x00100010, 'PN', 'ALPHA'],
          [0x00080020, 'DA', '20240102'],
        ],
      }),
      ...writeSamples(2, {
        studyUid: '1.2.3.60',
        seriesUid: '1.2.3.60.1',
        patientId: 'B1',
        extra: [
          [0x00100010, 'PN', 'BETA'],
          [0x00080020, 'DA', '20240301'],
        ],
      }),
    ];
    expect(await storeInstances({peer, instances, log: silentLog})).toMatchObject({stored: 6});
    const keys = new Map([
      [0x00100020, ''],
      [0x0020000d, ''],
      [0x00080020, '20240101-20240131'],
    ]);
    const matches = await Array.fromAsync(find({peer, level: 'STUDY', keys}));
    expect(matches.map(match => [text(match, 0x00100020), text(match, 0x0020000d)])).toEqual([['A1', '1.2.3.50']]);

    const study = new Map([[0x0020000d, '1.2.3.50']]);
    expect(await move({peer, level: 'STUDY', keys: study, destination: 'OURS'})).toMatchObject({
      kind: 'complete',
      completed: 4,
    });
    expect(destination.files()).toHaveLength(4);
    expect(destination.received[0]?.moveOriginator).toBe('SENDER');
    await expect(move({peer, level: 'STUDY', keys: study, destination: 'NOBODY'})).rejects.toMatchObject({
      status: 0xa801,
    });

    const folder = temporaryFolder();
    const sopClasses = ['1.2.840.10008.5.1.4.1.1.2'];
    expect(await get({peer, level: 'STUDY', keys: study, sopClasses, store: folderStore(folder)})).toMatchObject({
      kind: 'complete',
      completed: 4,
    });
    const original = instances[0];
    if (!original) throw new Error('no sample');
    expect(readFileSync(join(folder, original.sopInstanceUid)).length).toBeGreaterThan(1000);
  });
});
