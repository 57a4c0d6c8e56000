import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {silentLog} from '../../src/cli/log.ts';
import {text} from '../../src/dicom/values.ts';
import {echo} from '../../src/dimse/echoScu.ts';
import {find} from '../../src/dimse/findScu.ts';
import {get} from '../../src/dimse/getScu.ts';
import {move} from '../../src/dimse/moveScu.ts';
import {storeInstances} from '../../src/dimse/storeScu.ts';
import {dataSetBytes, folderStore, runningReceiver, temporaryFolder, writeSamples} from './helpers.ts';
import {runningOrthanc} from './runningOrthanc.ts';

const ct = '1.2.840.10008.5.1.4.1.1.2';

describe('Orthanc', () => {
  it('takes what we send, and holds it byte for byte', async () => {
    const {peer, api} = await runningOrthanc();
    await echo(peer);
    const instances = writeSamples(25, {pixelBytes: 130_000, studyUid: '1.2.3.70', seriesUid: '1.2.3.70.1'});
    expect(await storeInstances({peer, instances, log: silentLog, associations: 2})).toMatchObject({stored: 25});
    const ids = (await (await api('/instances')).json()) as string[];
    expect(ids).toHaveLength(25);
    const folder = temporaryFolder();
    const kept: string[] = [];
    for (const id of ids) {
      const path = join(folder, id);
      writeFileSync(path, Buffer.from(await (await api(`/instances/${id}/file`)).arrayBuffer()));
      kept.push(dataSetBytes(path).toString('latin1'));
    }
    expect(kept.sort()).toEqual(instances.map(one => dataSetBytes(one.path).toString('latin1')).sort());
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

  it('sends to our receiver as a modality', async () => {
    const destination = await runningReceiver();
    const {peer, api} = await runningOrthanc({OURS: destination.receiver.port});
    const instances = writeSamples(10, {pixelBytes: 90_000, studyUid: '1.2.3.90'});
    await storeInstances({peer, instances, log: silentLog});
    await api('/modalities/OURS/echo', {});
    const ids = (await (await api('/instances')).json()) as string[];
    await api('/modalities/OURS/store', ids);
    expect(destination.files()).toEqual(instances.map(one => one.sopInstanceUid).sort());
  });
});
