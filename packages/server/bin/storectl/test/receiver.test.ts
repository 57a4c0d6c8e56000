import {execFileSync, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {silentLog} from '@fiona/lib/cli/log';
import {parseInstance} from '@fiona/lib/dicom/read';
import {explicitLittleEndian, transferSyntaxUid} from '@fiona/lib/dicom/transferSyntax';
import {bytesElement, encodeDataSet, part10Header, textElement} from '@fiona/lib/dicom/write';
import {storeInstances} from '@fiona/lib/dimse/storeScu';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {makeReceiverSite, type ReceiverSite} from '../../../../../test/support/receiverSite.ts';

const root = '1.2.826.0.1.3680043.10.998';
const ct = '1.2.840.10008.5.1.4.1.1.2';

interface Sample {
  readonly study?: string;
  readonly sop: string;
  readonly sopClass?: string;
  /** What the file's meta says instead of the data set, for the C-STORE command. */
  readonly commandSop?: string;
  readonly pixels?: number;
  readonly fill?: number;
}

const files = mkdtempSync(join(tmpdir(), 'fiona-receiver-files-'));
afterAll(() => rmSync(files, {recursive: true, force: true}));

let written = 0;
function instanceFile({study, sop, sopClass = ct, commandSop = sop, pixels = 512, fill = 1}: Sample): string {
  const dataSet = [
    textElement(0x00080016, 'UI', sopClass),
    textElement(0x00080018, 'UI', sop),
    ...(study === undefined ? [] : [textElement(0x0020000d, 'UI', study)]),
    textElement(0x0020000e, 'UI', `${root}.77`),
    bytesElement(0x7fe00010, 'OW', Buffer.alloc(pixels, fill)),
  ];
  written += 1;
  const path = join(files, `${written}.dcm`);
  const header = part10Header({
    sopClassUid: sopClass,
    sopInstanceUid: commandSop,
    transferSyntaxUid: transferSyntaxUid.explicitLittleEndian,
  });
  writeFileSync(path, Buffer.concat([header, encodeDataSet(dataSet, explicitLittleEndian)]));
  return path;
}

async function send(site: ReceiverSite, paths: readonly string[], aeTitles: {calling?: string; called?: string} = {}) {
  const results: {path: string; kind: string; status: number | undefined}[] = [];
  await storeInstances({
    peer: {
      host: '127.0.0.1',
      port: site.port,
      aeTitle: aeTitles.called ?? 'FIONA',
      callingAeTitle: aeTitles.calling ?? 'CT1',
    },
    instances: paths.map(path => ({path})),
    onResult: ({instance, kind, status}) => results.push({path: instance.path, kind, status}),
    log: silentLog,
  });
  return results;
}

describe('the receiver', () => {
  let site: ReceiverSite;
  beforeAll(async () => {
    site = await makeReceiverSite();
    const {code, stdout} = await site.storectl('start');
    expect(stdout).toContain('receiver of ABCD runs');
    expect(code).toBe(0);
  });
  afterAll(() => site.remove());

  const archived = (study: string, name: string) => join(site.dataDir, 'site/archive', `scp_${study}`, name);

  it('stores the data set byte for byte and announces it in the journal', async () => {
    const path = instanceFile({study: `${root}.1`, sop: `${root}.1.1`, pixels: 70_000});
    expect(await send(site, [path])).toEqual([{path, kind: 'stored', status: 0}]);
    const stored = readFileSync(archived(`${root}.1`, `CT.${root}.1.1`));
    const original = readFileSync(path);
    const dataSetOf = (bytes: Buffer) => bytes.subarray(parseInstance(bytes).dataSetOffset);
    expect(dataSetOf(stored).equals(dataSetOf(original))).toBe(true);
    expect(site.journal()).toContain(`CT1,FIONA,127.0.0.1,${site.dataDir}/site/archive/scp_${root}.1,CT.${root}.1.1`);
  });

  it('takes what DCMTK sends, and leaves nothing half-written', async () => {
    const paths = [1, 2, 3].map(number => instanceFile({study: `${root}.2`, sop: `${root}.2.${number}`}));
    execFileSync('storescu', ['-aet', 'MODALITY', '-aec', 'ANY', '127.0.0.1', String(site.port), ...paths]);
    expect(site.archive()[`scp_${root}.2`]).toEqual([1, 2, 3].map(number => `CT.${root}.2.${number}`));
    expect(site.journal().filter(line => line.startsWith('MODALITY,ANY,127.0.0.1,'))).toHaveLength(3);
  });

  it('answers C-ECHO for any AE title', () => {
    expect(spawnSync('echoscu', ['-aec', 'WHATEVER', '127.0.0.1', String(site.port)]).status).toBe(0);
  });

  it('replaces an instance that comes again, says so when it differs, and announces it again', async () => {
    const first = instanceFile({study: `${root}.3`, sop: `${root}.3.1`, fill: 1});
    const same = instanceFile({study: `${root}.3`, sop: `${root}.3.1`, fill: 1});
    const other = instanceFile({study: `${root}.3`, sop: `${root}.3.1`, fill: 2});
    for (const path of [first, same]) await send(site, [path]);
    expect(site.log()).not.toContain(`${root}.3.1 came again with other content`);
    await send(site, [other]);
    expect(site.archive()[`scp_${root}.3`]).toEqual([`CT.${root}.3.1`]);
    expect(readFileSync(archived(`${root}.3`, `CT.${root}.3.1`)).at(-1)).toBe(2);
    expect(site.journal().filter(line => line.endsWith(`CT.${root}.3.1`))).toHaveLength(3);
    expect(site.log()).toContain(`${root}.3.1 came again with other content`);
  });

  it.each([
    ['no StudyInstanceUID', {sop: `${root}.4.1`}, 0xc000],
    ['a StudyInstanceUID that leads out of the tree', {study: '../../../evil', sop: `${root}.4.2`}, 0xc000],
    ['a StudyInstanceUID of 300 characters', {study: `1.${'2'.repeat(298)}`, sop: `${root}.4.3`}, 0xc000],
    ['a StudyInstanceUID of two values', {study: `${root}.4\\${root}.5`, sop: `${root}.4.4`}, 0xc000],
    ['a SOPInstanceUID with a slash', {study: `${root}.4`, sop: '1/2', commandSop: '1/2'}, 0xc000],
    [
      'another SOPInstanceUID than the command',
      {study: `${root}.4`, sop: `${root}.4.5`, commandSop: `${root}.4.6`},
      0xa900,
    ],
  ])('refuses %s and keeps nothing', async (_, sample, status) => {
    const before = JSON.stringify([site.archive(), site.journal()]);
    const path = instanceFile(sample);
    expect(await send(site, [path])).toEqual([{path, kind: 'final', status}]);
    expect(JSON.stringify([site.archive(), site.journal()])).toBe(before);
  });

  it('trims padding of UIDs and files an unknown SOP class under UNKNOWN', async () => {
    const path = instanceFile({study: `${root}.5  `, sop: `${root}.5.1`, sopClass: '1.3.12.2.1107.5.9.1'});
    expect(await send(site, [path])).toEqual([{path, kind: 'stored', status: 0}]);
    expect(site.archive()[`scp_${root}.5`]).toEqual([`UNKNOWN.${root}.5.1`]);
  });

  it('keeps commas, quotes and backslashes of AE titles out of the journal', async () => {
    await send(site, [instanceFile({study: `${root}.6`, sop: `${root}.6.1`})], {calling: 'A,B"C', called: "D'E"});
    expect(site.journal().at(-1)).toMatch(/^A_B_C,D_E,127\.0\.0\.1,/);
  });

  it('loses nothing it has answered when it is killed', async () => {
    const study = `${root}.7`;
    const paths = Array.from({length: 300}, (_, index) =>
      instanceFile({study, sop: `${study}.${index}`, pixels: 20_000}),
    );
    let stored: string[] = [];
    const sending = send(site, paths).then(results => {
      stored = results.filter(({kind}) => kind === 'stored').map(({path}) => path);
    });
    while (!site.journal().some(line => line.includes(`${study}.20`))) await new Promise(setImmediate);
    process.kill(site.pid(), 'SIGKILL');
    await sending;
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.length).toBeLessThan(paths.length);
    const announced = new Set(
      site
        .journal()
        .filter(line => line.includes(`scp_${study},`))
        .map(line => line.split(',')[4]),
    );
    for (const path of stored) {
      const number = paths.indexOf(path);
      expect(announced).toContain(`CT.${study}.${number}`);
      expect(parseInstance(readFileSync(archived(study, `CT.${study}.${number}`))).damage).toBeUndefined();
    }
    expect((await site.storectl('start')).code).toBe(0);
    expect((await send(site, paths)).every(({kind}) => kind === 'stored')).toBe(true);
    expect(site.archive()[`scp_${study}`]?.filter(name => !name.startsWith('.'))).toHaveLength(300);
  }, 60_000);
});

describe('a full or broken disk', () => {
  let disk: string;
  let site: ReceiverSite;
  beforeEach(async () => {
    disk = mkdtempSync(join(tmpdir(), 'fiona-small-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    site = await makeReceiverSite({}, {dataDir: join(disk, 'data')});
    expect((await site.storectl('start')).code).toBe(0);
  });
  afterEach(async () => {
    await site.remove();
    // lazily: a process that has just ended may hold its files a moment longer
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, {recursive: true, force: true});
  });

  it('answers A700, keeps nothing of the instance, and recovers by itself', async () => {
    const study = `${root}.8`;
    const paths = Array.from({length: 8}, (_, index) =>
      instanceFile({study, sop: `${study}.${index}`, pixels: 400_000}),
    );
    const results = await send(site, paths);
    const stored = results.filter(({kind}) => kind === 'stored');
    expect(results.filter(({status}) => status === 0xa700)).toHaveLength(paths.length - stored.length);
    expect(stored.length).toBeLessThan(paths.length);
    expect(site.archive()[`scp_${study}`]).toHaveLength(stored.length);
    expect(site.journal()).toHaveLength(stored.length);
    rmSync(join(site.dataDir, 'site/archive', `scp_${study}`), {recursive: true});
    expect((await send(site, paths.slice(0, 1)))[0]?.kind).toBe('stored');
  });
});

describe('storectl', () => {
  let site: ReceiverSite;
  beforeEach(async () => {
    site = await makeReceiverSite();
  });
  afterEach(() => site.remove());

  it('starts once, shows and stops the receiver, however often it is called', async () => {
    expect((await site.storectl('status')).code).toBe(69);
    expect((await site.storectl('start')).code).toBe(0);
    const pid = site.pid();
    expect((await site.storectl('start')).code).toBe(0);
    expect(site.pid()).toBe(pid);
    const status = await site.storectl('status', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({running: true, pid, port: site.port});
    expect((await site.storectl('restart')).code).toBe(0);
    expect(site.pid()).not.toBe(pid);
    expect((await site.storectl('stop')).code).toBe(0);
    expect((await site.storectl('stop')).code).toBe(0);
    expect((await site.storectl('status')).code).toBe(69);
  }, 60_000);

  it('starts at once over a stale pid file, also when its pid is another program now (ST-3)', async () => {
    mkdirSync(join(site.serverDir, '.pids'), {recursive: true});
    for (const stale of ['', '999999', String(process.pid)]) {
      writeFileSync(join(site.serverDir, '.pids/storescpd.pid'), stale);
      expect((await site.storectl('start')).code).toBe(0);
      expect((await site.storectl('stop')).code).toBe(0);
    }
  }, 60_000);

  it('names the program that has the port and starts nothing (ST-3)', async () => {
    const {createServer} = await import('node:net');
    const foreign = createServer().listen(site.port, '127.0.0.1');
    await once(foreign, 'listening');
    const {code, stdout} = await site.storectl('start');
    foreign.close();
    expect(code).toBe(69);
    expect(stdout).toContain(`port ${site.port} belongs to`);
    expect(stdout).toContain(`(pid ${process.pid})`);
  });

  it('stops a running receiver when the services are switched off (ST-5)', async () => {
    mkdirSync(join(site.dataDir, 'config'));
    const flag = join(site.dataDir, 'config/enabled');
    for (const on of ['', '1']) {
      writeFileSync(flag, on);
      await site.storectl('start');
      expect((await site.storectl('status')).code).toBe(0);
    }
    writeFileSync(flag, '0\n');
    expect((await site.storectl('start')).code).toBe(0);
    expect((await site.storectl('status')).code).toBe(69);
  }, 60_000);

  it.each([
    ['an unknown project', ['start', 'NOPE'], 78, 'SITES'],
    ['an impossible project', ['start', 'a/b'], 78, 'expected 1-32 letters'],
    ['an unknown verb', ['begin'], 64, 'none of'],
  ])('refuses %s', async (_, args, code, text) => {
    const result = await site.storectl(args[0] ?? '', ...args.slice(1));
    expect(result.code).toBe(code);
    expect(result.stdout + result.stderr).toContain(text);
  });

  it('refuses another account (ST-6)', async () => {
    const config = JSON.parse(readFileSync(site.configFile, 'utf8')) as object;
    writeFileSync(site.configFile, JSON.stringify({...config, PROCESSING_USER: 'somebody-else'}));
    const {code, stdout} = await site.storectl('start');
    expect(code).toBe(78);
    expect(stdout).toContain('PROCESSING_USER');
    writeFileSync(site.configFile, JSON.stringify(config));
  });

  it('says in one sentence that it cannot write', async () => {
    writeFileSync(join(site.dataDir, 'site'), 'a file where a folder should be');
    const {code, stdout} = await site.storectl('start');
    expect(code).toBe(73);
    expect(stdout).toMatch(/ERROR .*site/);
    chmodSync(join(site.dataDir, 'site'), 0o644);
    rmSync(join(site.dataDir, 'site'));
  });
});
