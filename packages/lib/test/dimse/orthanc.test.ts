import {writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {silentLog} from '../../src/cli/log.ts';
import {text} from '../../src/dicom/values.ts';
import {echo} from '../../src/dimse/echoScu.ts';
import {find} from '../../src/dimse/findScu.ts';
import {get} from '../../src/dimse/getScu.ts';
import {move} from '../../src/dimse/moveScu.ts';
import {storeInstances} from '../../src/dimse/storeScu.ts';
import {dataSetBytes, folderStore, runningReceiver, temporaryFolder, writeSamples} from './helpers.ts';
import {type Content, contentOf, contents, filesForDcmtk, notingStore, type RealFile} from './realFiles.ts';
import {runningOrthanc} from './runningOrthanc.ts';

const ct = '1.2.840.10008.5.1.4.1.1.2';

describe('Orthanc', () => {
  it('takes what we send in every transfer syntax, holds it, and sends it back', async () => {
    const came: Content[] = [];
    const {receiver} = await runningReceiver({services: {store: notingStore(came)}});
    const {peer, api} = await runningOrthanc({OURS: receiver.port});
    await echo(peer);
    // For what is missing of a data set that was cut it would wait half a minute.
    const instances = filesForDcmtk().filter(file => !file.path.includes('truncated'));
    const stored: RealFile[] = [];
    await storeInstances({
      peer,
      instances,
      log: silentLog,
      associations: 2,
      onResult: ({kind, instance, status}) => {
        if (kind === 'stored') stored.push(instance);
        // What it cannot make sense of it says so, instance by instance.
        else expect([basename(instance.path), status]).toEqual([basename(instance.path), expect.any(Number)]);
      },
    });
    expect(stored.length).toBeGreaterThan(instances.length - 8);
    const ids = (await (await api('/instances')).json()) as string[];
    const held: Content[] = [];
    for (const id of ids) {
      const path = join(temporaryFolder(), id);
      writeFileSync(path, Buffer.from(await (await api(`/instances/${id}/file`)).arrayBuffer()));
      held.push(contentOf(path));
    }
    // What its DCMTK does not find in order it writes anew, when it stores and when it sends: the rest is as it was.
    const names = (list: readonly Content[]) => contents(list).map(line => line.slice(0, line.lastIndexOf(' ')));
    expect(names(held)).toEqual(names(stored));
    const sent = new Set(contents(stored));
    expect(contents(held).filter(one => sent.has(one)).length).toBeGreaterThan(stored.length / 2);
    expect(new Set(held.map(one => one.transferSyntaxUid)).size).toBeGreaterThanOrEqual(9);
    await api('/modalities/OURS/echo', {});
    await api('/modalities/OURS/store', ids);
    expect(names(came)).toEqual(names(stored));
    const kept = new Set(contents(held));
    expect(contents(came).filter(one => kept.has(one)).length).toBeGreaterThan(held.length - 5);
  });

  it('answers our queries, moves to us and sends back to us', async () => {
    const destination = await runningReceiver();
    const {peer} = await runningOrthanc({OURS: destination.receiver.port});
    const extra: [number, 'PN' | 'DA', string][] = [
      [0x00100010, 'PN', 'GAMMA'],
      [0x00080020, 'DA', '20240105'],
    ];
    const instances = writeSamples(12, {studyUid: '1.2.3.80', seriesUid: '1.2.3.80.1', patientId: 'G1', extra});
    expect(await storeInstances({peer, instances, log: silentLog})).toMatchObject({stored: 12});
    const keys = new Map([
      [0x00100020, 'G*'],
      [0x0020000d, ''],
      [0x00201208, ''],
    ]);
    const [match, ...more] = await Array.fromAsync(find({peer, level: 'STUDY', keys}));
    expect(more).toEqual([]);
    expect(match && [text(match, 0x0020000d), text(match, 0x00201208)]).toEqual(['1.2.3.80', '12']);

    const study = new Map([[0x0020000d, '1.2.3.80']]);
    expect(await move({peer, level: 'STUDY', keys: study, destination: 'OURS'})).toMatchObject({status: 0});
    expect(destination.files()).toHaveLength(12);
    for (const {path, sopInstanceUid} of instances)
      expect(dataSetBytes(join(destination.folder, sopInstanceUid)).equals(dataSetBytes(path))).toBe(true);

    const folder = temporaryFolder();
    expect(await get({peer, level: 'STUDY', keys: study, sopClasses: [ct], store: folderStore(folder)})).toMatchObject({
      kind: 'complete',
      completed: 12,
    });
  });
});
