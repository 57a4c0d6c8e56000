import {existsSync, readFileSync, statSync, utimesSync} from 'node:fs';
import {join} from 'node:path';
import {parseInstance} from '@fiona/lib/dicom/read';
import {strings} from '@fiona/lib/dicom/values';
import {parseRedcapTime} from '@fiona/lib/redcap/time';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {InstalledGateway} from '../support/installedGateway.ts';
import {mrImage, planted} from '../support/mrImage.ts';
import {type Fate, type RedcapProxy, startRedcapProxy} from '../support/redcapProxy.ts';

const root = '1.2.826.0.1.3680043.10.999.75';
const tools = ['populateIncoming', 'createTransferRequests', 'anonymizeAndSend'] as const;

describe('a study that is still arriving', () => {
  let gateway: InstalledGateway;
  let proxy: RedcapProxy;
  beforeAll(async () => {
    gateway = await InstalledGateway.make();
    proxy = await startRedcapProxy(gateway.config.REDCAP.url ?? '', readFileSync(gateway.path('tls/ca.pem')));
    gateway.configure({REDCAP: {...gateway.config.REDCAP, url: proxy.url, attempts: 1}});
    await gateway.startDaemons();
  });
  afterAll(async () => {
    await proxy?.close();
    await gateway?.stop();
  });

  const image = (study: string, series: number, instance: number): Buffer =>
    mrImage({
      StudyInstanceUID: study,
      SeriesInstanceUID: `${study}.${series}`,
      SeriesNumber: String(series),
      SOPInstanceUID: `${study}.${series}.${instance}`,
      InstanceNumber: String(instance),
    });
  const send = async (...images: Buffer[]): Promise<void> => {
    expect(await gateway.send(images)).toEqual(images.map(() => ({kind: 'stored', status: 0})));
  };
  const summaryPath = (study: string, series: number): string =>
    join(gateway.site, 'raw', study, `${study}.${series}.json`);
  /** Sets the time of a summary: its last instance came so long ago. */
  const age = (study: string, series: number, seconds: number): void => {
    const then = new Date(Date.now() - seconds * 1000);
    utimesSync(summaryPath(study, series), then, then);
  };
  const run = async (tool: string) => {
    const {code, stdout, stderr} = await gateway.run(`bin/${tool}`);
    expect([tool, code, stdout + stderr]).toEqual([tool, 0, stdout + stderr]);
    return stdout;
  };
  const rowsOf = async (study: string, form: string) =>
    (await gateway.incoming()).filter(row => row.record === study && row.form === form).map(({values}) => values);
  /** InstanceNumbers, by SeriesNumber, of what the research PACS holds of a study. */
  const sent = async (study: string): Promise<string[]> => {
    const [transfer] = await rowsOf(study, 'transfers');
    return gateway
      .pacs()
      .filter(name => name.startsWith(`${transfer?.transfer_mapped_uid}/`))
      .map(name => {
        const {dataSet} = parseInstance(readFileSync(gateway.path('pacs', name)));
        return `${strings(dataSet, 0x00200011)?.[0]}/${strings(dataSet, 0x00200013)?.[0]}`;
      })
      .sort();
  };

  it('is registered series by series, and neither requested nor sent before all of it is quiet', async () => {
    const study = `${root}.1`;
    await gateway.coupleStudy(1, study, 'DEMO-BRAIN', 'BRAIN_0001');
    await send(image(study, 1, 1), image(study, 2, 1));
    await gateway.indexed(study, `${study}.1`, 1);
    await gateway.indexed(study, `${study}.2`, 1);
    age(study, 1, 90);
    age(study, 2, 5);
    for (const tool of tools) await run(tool);
    expect((await rowsOf(study, 'series')).map(row => row.series_instance_uid)).toEqual([`${study}.1`]);
    expect(gateway.requests().waiting).toEqual([]);
    expect(gateway.pacs()).toEqual([]);

    age(study, 2, 90);
    for (const tool of tools) await run(tool);
    expect((await rowsOf(study, 'series')).map(row => row.series_instance_uid)).toEqual([`${study}.1`, `${study}.2`]);
    expect(await sent(study)).toEqual(['1/1', '2/1']);
  });

  it('with a request already written is left alone until it is quiet again', async () => {
    const study = `${root}.2`;
    await gateway.coupleStudy(2, study, 'DEMO-BRAIN', 'BRAIN_0002');
    await send(image(study, 1, 1));
    await gateway.indexed(study, `${study}.1`, 1);
    age(study, 1, 90);
    await run('populateIncoming');
    await run('createTransferRequests');
    expect(gateway.requests().waiting).toHaveLength(1);
    await send(image(study, 1, 2));
    await gateway.indexed(study, `${study}.1`, 2);
    const before = await rowsOf(study, 'transfers');
    expect(await run('anonymizeAndSend')).toMatch(/summary: .*postponed 1/);
    expect(gateway.requests().waiting).toHaveLength(1);
    expect(await rowsOf(study, 'transfers')).toEqual(before);

    age(study, 1, 90);
    await run('anonymizeAndSend');
    expect(await sent(study)).toEqual(['1/1', '1/2']);
    await run('populateIncoming');
    expect((await rowsOf(study, 'series')).map(row => row.series_num_files)).toEqual(['2']);
  });

  it('while it is being sent: the transfer counts for what it had, the rest is sent with the next one (CT-7)', async () => {
    const study = `${root}.3`;
    await gateway.coupleStudy(3, study, 'DEMO-BRAIN', 'BRAIN_0003');
    await send(image(study, 1, 1), image(study, 1, 2));
    await gateway.indexed(study, `${study}.1`, 2);
    age(study, 1, 90);
    await run('populateIncoming');
    await run('createTransferRequests');

    // when REDCap is told, everything has been sent; just then another series and another image of the first one come
    const late = async (): Promise<void> => {
      await send(image(study, 2, 1), image(study, 1, 3));
      await gateway.indexed(study, `${study}.2`, 1);
      await gateway.indexed(study, `${study}.1`, 3);
    };
    proxy.fate = async ({kind}): Promise<Fate> => {
      if (kind === 'import') {
        proxy.fate = () => 'pass';
        await late();
      }
      return 'pass';
    };
    const started = Date.now();
    await run('anonymizeAndSend');
    expect(await sent(study)).toEqual(['1/1', '1/2']);
    const [transfer] = await rowsOf(study, 'transfers');
    expect(transfer).toMatchObject({transfers_complete: '2', transfer_error_message: ''});
    // the date is that of the look at the study, so that what came later is newer
    const date =
      parseRedcapTime(transfer?.transfer_date ?? '', gateway.config.REDCAP.timeZone)?.getTime() ?? Number.NaN;
    expect(date).toBeLessThanOrEqual(started);
    for (const series of [1, 2]) expect(statSync(summaryPath(study, series)).mtimeMs).toBeGreaterThan(date);

    // a quarter of an hour goes by
    await gateway.backdateTransfers(900);
    for (const series of [1, 2]) age(study, series, 600);
    for (const tool of tools) await run(tool);
    expect(await sent(study)).toEqual(['1/1', '1/2', '1/3', '2/1']);
    expect(await rowsOf(study, 'transfers')).toHaveLength(1);
    expect(gateway.requests().waiting).toEqual([]);
    const known = gateway.pacs().length;
    await run('createTransferRequests');
    expect(gateway.requests().waiting).toEqual([]);
    expect(gateway.pacs()).toHaveLength(known);
  });

  it('an instance that is only half received is not seen by anybody', async () => {
    const study = `${root}.4`;
    await gateway.coupleStudy(4, study, 'DEMO-BRAIN', 'BRAIN_0004');
    await send(image(study, 1, 1));
    await gateway.indexed(study, `${study}.1`, 1);
    // what the receiver has while the pixels are still coming
    gateway.archive(study, `.MR.${study}.1.2.4711-abcdef01.tmp`, image(study, 1, 2).subarray(0, 500));
    expect((await gateway.run('server/bin/processSingleFile3', ['restart'])).code).toBe(0);
    age(study, 1, 90);
    for (const tool of tools) await run(tool);
    expect(await sent(study)).toEqual(['1/1']);
    expect(existsSync(join(gateway.site, 'raw', study, `${study}.1`, `${study}.1.2`))).toBe(false);
  });

  it('no identifier stands in a log, note, request or state file', () => {
    expect(gateway.leaks(Object.values(planted))).toEqual([]);
  });
});
