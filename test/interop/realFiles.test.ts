import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {InstalledGateway} from '../support/installedGateway.ts';
import {filesBelow, pipeline, until} from '../support/installedTools.ts';

const pydicom = '/usr/lib/python3/dist-packages/pydicom/data';

/** Files of many makers, modalities, transfer syntaxes and kinds of damage, sent by DCMTK as they are. */
describe('the files of pydicom', () => {
  let gateway: InstalledGateway;
  let archived: string[] = [];

  beforeAll(async () => {
    if (!existsSync(pydicom)) throw new Error(`${pydicom} is absent: install python3-pydicom (scripts/peers)`);
    gateway = await InstalledGateway.make();
    await gateway.startDaemons();
    const port = String(gateway.config.DICOMPORT);
    const options = ['--scan-directories', '--recurse', '--no-halt', '--decompress-never', '-aec', 'FIONA'];
    const {stderr, stdout} = spawnSync('dcmsend', ['-v', ...options, '127.0.0.1', port, pydicom], {encoding: 'utf8'});
    const sent = Number(/with status SUCCESS\s*:\s*(\d+)/.exec(stdout + stderr)?.[1]);
    archived = filesBelow(join(gateway.site, 'archive'));
    expect(sent).toBeGreaterThan(50);
    // instances of the same UIDs replace each other
    expect(archived.length).toBeGreaterThan(sent / 2);
    expect(archived.length).toBeLessThanOrEqual(sent);
    await until(async () => {
      const {stdout: status} = await gateway.run('server/bin/processSingleFile3', ['status', '--json']);
      return JSON.parse(status).backlog.lines === 0;
    }, 'the journal is worked off');
  }, 120_000);
  afterAll(() => gateway?.stop());

  it('are all linked, or noted with the reason', () => {
    const raw = join(gateway.site, 'raw');
    const linked = new Set(
      filesBelow(raw)
        .filter(name => !name.endsWith('.json'))
        .map(name => readlinkSync(join(raw, name))),
    );
    const noted = gateway.failed().map(({message}) => message.split(',').slice(3).join('/'));
    for (const name of archived) {
      const path = join(gateway.site, 'archive', name);
      expect([name, linked.has(path) || noted.includes(path)]).toEqual([name, true]);
    }
    for (const study of readdirSync(raw)) {
      for (const name of readdirSync(join(raw, study)).filter(each => each.endsWith('.json'))) {
        const summary = JSON.parse(readFileSync(join(raw, study, name), 'utf8')) as Record<string, unknown>;
        expect([name, summary.NumFiles]).toEqual([
          name,
          String(readdirSync(join(raw, study, name.slice(0, -5))).length),
        ]);
      }
    }
    expect(gateway.indexLog()).not.toContain('    at ');
  });

  it('are transferred, skipped or set aside, each one accounted for', async () => {
    const studies = readdirSync(join(gateway.site, 'raw'));
    for (const [index, study] of studies.entries())
      await gateway.coupleStudy(index + 1, study, 'DEMO-BRAIN', `BRAIN_${String(index + 1).padStart(4, '0')}`);
    await gateway.settle();
    for (const tool of pipeline) {
      const {code, stdout, stderr} = await gateway.run(tool);
      expect([0, 65]).toContain(code);
      expect(stdout + stderr).not.toContain('    at ');
    }
    const transfers = await gateway.transfers();
    expect(transfers).toHaveLength(studies.length);
    let accounted = 0;
    for (const {record, values} of transfers) {
      const {transfers_complete: complete, transfer_error_message: message = '', transfer_mapped_uid: mapped} = values;
      expect([record, ['1', '2'].includes(complete ?? '')]).toEqual([record, true]);
      const report = gateway
        .requests()
        [complete === '2' ? 'done' : 'failed'].find(
          name => name.startsWith(`${record}_`) && name.endsWith('_deid.json'),
        );
      expect([record, complete === '2' ? mapped !== '' : JSON.parse(message).error !== '']).toEqual([record, true]);
      if (report === undefined) continue;
      const folder = complete === '2' ? 'transfers_done' : 'transfers_fail';
      const {instances} = JSON.parse(readFileSync(gateway.path(folder, report), 'utf8')) as {
        instances: Record<string, number>;
      };
      expect(instances.in).toBe((instances.written ?? 0) + (instances.skipped ?? 0) + (instances.quarantined ?? 0));
      if (complete === '2') {
        expect([record, gateway.pacs().filter(name => name.startsWith(`${mapped}/`)).length]).toEqual([
          record,
          instances.written,
        ]);
        accounted += 1;
      }
    }
    expect(accounted).toBeGreaterThan(10);
    expect(gateway.requests().waiting).toEqual([]);
  }, 60_000);

  it('leave no trace of their names and ids in the logs', () => {
    const names = new Set<string>();
    for (const name of filesBelow(join(gateway.site, 'raw')).filter(each => each.endsWith('.json'))) {
      const {PatientName, PatientID} = JSON.parse(readFileSync(join(gateway.site, 'raw', name), 'utf8')) as Record<
        string,
        string
      >;
      for (const text of [PatientName, PatientID])
        if (text !== undefined && text.length > 6 && /[A-Za-z]/.test(text)) names.add(text);
    }
    expect(names.size).toBeGreaterThan(5);
    expect(gateway.leaks([...names])).toEqual([]);
  });
});
