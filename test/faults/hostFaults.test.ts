import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {InstalledGateway} from '../support/installedGateway.ts';
import {dist, filesBelow, linesOf, pipeline} from '../support/installedTools.ts';
import {mrImage, planted} from '../support/mrImage.ts';
import {freePort} from '../support/receiverSite.ts';
import type {ToolResult} from '../support/sandbox.ts';

const root = '1.2.826.0.1.3680043.10.999.77';
const nobody = 65_534;

describe('the host', () => {
  let gateway: InstalledGateway;
  let number = 0;

  beforeAll(async () => {
    gateway = await InstalledGateway.make();
    await gateway.startDaemons();
  });
  afterAll(() => gateway?.stop());

  /** Sends a new study that belongs to a project. @returns its UID */
  async function aStudy(): Promise<string> {
    number += 1;
    await gateway.sendStudy(`${root}.${number}`, number);
    return `${root}.${number}`;
  }

  /** The configuration as it was written. */
  const written = (): Record<string, Record<string, unknown>> =>
    JSON.parse(readFileSync(gateway.gateway.configFile, 'utf8'));

  /** One sentence that says what to do, with the code, and no stack. */
  function expectOneSentence({code, stdout, stderr}: ToolResult, exit: number, text: string | RegExp): void {
    expect([code, stdout + stderr]).toEqual([exit, stdout + stderr]);
    expect(linesOf(stdout, 'ERROR')).toEqual([expect.stringMatching(text)]);
    expect(stdout + stderr).not.toContain('    at ');
  }

  describe('with a full disk', () => {
    let disk = '';
    /** Keeps what a test wrote, as if the disk had grown. */
    afterEach(() => {
      if (disk === '') return;
      const kept = copyOf(disk);
      execFileSync('umount', ['-l', disk]);
      putBack(kept, disk);
      disk = '';
    });

    function copyOf(folder: string): string {
      const kept = mkdtempSync(join(tmpdir(), 'fiona-kept-'));
      execFileSync('cp', ['-a', `${folder}/.`, kept]);
      return kept;
    }
    function putBack(kept: string, folder: string): void {
      execFileSync('cp', ['-a', `${kept}/.`, folder]);
      rmSync(kept, {recursive: true});
    }

    /** Puts a small file system over a folder, filled to the last byte but for what is in it. */
    function fillDisk(folder: string): void {
      mkdirSync(folder, {recursive: true});
      const kept = copyOf(folder);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=0777', 'tmpfs', folder]);
      disk = folder;
      putBack(kept, folder);
      for (const bytes of [65_536, 4096, 1]) {
        for (let full = false; !full; ) {
          try {
            writeFileSync(join(folder, '.filler'), Buffer.alloc(bytes), {flag: 'a'});
          } catch {
            full = true;
          }
        }
      }
    }
    const makeRoom = (): void => rmSync(join(disk, '.filler'));
    const noTemporaryIn = (folder: string): void =>
      expect(filesBelow(folder).filter(name => name.endsWith('.tmp'))).toEqual([]);

    it('for the state: populateIncoming ends with 73, and registers everything once when there is room', async () => {
      const study = await aStudy();
      rmSync(gateway.path('state'), {recursive: true, force: true});
      fillDisk(gateway.path('state'));
      expectOneSentence(await gateway.run('bin/populateIncoming'), 73, /state.*the disk is full, make room/);
      noTemporaryIn(disk);
      makeRoom();
      for (const tool of pipeline) expect((await gateway.run(tool)).code).toBe(0);
      expect(await gateway.rowsOf(study, 'series')).toHaveLength(1);
      expect(await gateway.transferProblems(study)).toEqual([]);
    });

    it('for the requests: createTransferRequests ends with 73 and leaves nothing half-written', async () => {
      const study = await aStudy();
      await gateway.run('bin/populateIncoming');
      fillDisk(gateway.path('transfer_requests'));
      expectOneSentence(
        await gateway.run('bin/createTransferRequests'),
        73,
        /transfer_requests.*the disk is full, make room/,
      );
      expect(gateway.requests().waiting).toEqual([]);
      noTemporaryIn(disk);
      makeRoom();
      for (const tool of pipeline.slice(1)) expect((await gateway.run(tool)).code).toBe(0);
      expect(await gateway.transferProblems(study)).toEqual([]);
    });

    it('for the spool: the transfer waits, REDCap says so, nothing is sent', async () => {
      const study = await aStudy();
      for (const tool of pipeline.slice(0, 2)) await gateway.run(tool);
      const sent = gateway.pacs();
      fillDisk(gateway.path('spool'));
      const {code, stdout} = await gateway.run('bin/anonymizeAndSend');
      expect([code, stdout]).toEqual([73, stdout]);
      expect(linesOf(stdout, 'WARN')).toEqual([
        expect.stringMatching(/spool has no room for \d+ bytes and the reserve; make room/),
      ]);
      expect(gateway.pacs()).toEqual(sent);
      expect(gateway.requests().waiting).toHaveLength(1);
      expect((await gateway.rowsOf(study, 'transfers'))[0]).toMatchObject({transfer_date: '', transfer_mapped_uid: ''});
      makeRoom();
      const {PATHS} = written();
      gateway.configure({PATHS: {...PATHS, spoolMinFreeBytes: 0}});
      gateway.letRetriesPass();
      expect((await gateway.run('bin/anonymizeAndSend')).code).toBe(0);
      gateway.configure({PATHS});
      expect(await gateway.transferProblems(study)).toEqual([]);
    });

    it('for the finished requests: sent and recorded but not moved; the next run only moves', async () => {
      const study = await aStudy();
      for (const tool of pipeline.slice(0, 2)) await gateway.run(tool);
      fillDisk(gateway.path('transfers_done'));
      expectOneSentence(await gateway.run('bin/anonymizeAndSend'), 73, /transfers_done.*the disk is full, make room/);
      noTemporaryIn(disk);
      expect(gateway.requests().waiting).toHaveLength(1);
      makeRoom();
      gateway.letRetriesPass();
      const {code, stdout} = await gateway.run('bin/anonymizeAndSend');
      expect([code, stdout]).toEqual([0, stdout]);
      expect(await gateway.transferProblems(study)).toEqual([]);
    });

    it('for the archive: the modality hears A700, nothing is kept, and what it sends again is complete', async () => {
      const study = `${root}.90`;
      const image = mrImage({StudyInstanceUID: study, SeriesInstanceUID: `${study}.1`, SOPInstanceUID: `${study}.1.1`});
      fillDisk(join(gateway.site, 'archive'));
      expect(await gateway.send([image])).toEqual([{kind: 'temporary', status: 0xa700}]);
      expect(filesBelow(disk).filter(name => name.includes(study))).toEqual([]);
      expect(linesOf(gateway.receiverLog(), 'ERROR').join()).toContain(`cannot store ${study}.1.1`);
      makeRoom();
      expect(await gateway.send([image])).toEqual([{kind: 'stored', status: 0}]);
      await gateway.indexed(study, `${study}.1`, 1);
    });
  });

  describe('that does not let us write', () => {
    /** A gateway's configuration for the account `nobody`, who owns its folders but the one named. */
    async function asNobody(forbidden: string, tool: string, ...args: string[]): Promise<ToolResult> {
      const dir = mkdtempSync(join(tmpdir(), 'fiona-nobody-'));
      chmodSync(dir, 0o755);
      const path = (name: string) => join(dir, name);
      const config = {
        ...JSON.parse(readFileSync(gateway.gateway.configFile, 'utf8')),
        DATADIR: path('data'),
        DICOMPORT: await freePort(),
        PROCESSING_USER: 'nobody',
      };
      for (const [key, value] of Object.entries(config.PATHS as Record<string, unknown>))
        if (typeof value === 'string') config.PATHS[key] = value.replace(gateway.dir, dir);
      const projects = config.REDCAP.projects as Record<string, {tokenFile: string}>;
      for (const [name, project] of Object.entries(projects)) {
        const copy = path(`token-${name}`);
        writeFileSync(copy, readFileSync(project.tokenFile), {mode: 0o600});
        chownSync(copy, nobody, nobody);
        project.tokenFile = copy;
      }
      writeFileSync(path('ca.pem'), readFileSync(config.REDCAP.caFile));
      config.REDCAP.caFile = path('ca.pem');
      writeFileSync(path('config.json'), JSON.stringify(config));
      for (const name of [
        'data',
        'server',
        'pids',
        'state',
        'transfer_requests',
        'transfers_done',
        'transfers_fail',
        'spool',
      ]) {
        mkdirSync(path(name), {recursive: true});
        if (name !== forbidden) chownSync(path(name), nobody, nobody);
        else chmodSync(path(name), 0o555);
      }
      // the checkout may lie where that account cannot look
      copyFileSync(join(dist, tool), path('tool'));
      copyFileSync(process.execPath, path('node'));
      const result: ToolResult = {code: null, stdout: '', stderr: ''};
      const child = spawn(
        'setpriv',
        [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', path('node'), path('tool'), ...args],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: {PATH: process.env.PATH, TMPDIR: dir, FIONA_CONFIG: path('config.json')},
        },
      );
      child.stdout.on('data', (chunk: Buffer) => (result.stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (result.stderr += chunk.toString()));
      [result.code] = (await once(child, 'close')) as [number | null];
      expect(readdirSync(path(forbidden))).toEqual([]);
      rmSync(dir, {recursive: true, force: true});
      return result;
    }

    it.each([
      ['pids', 'bin/populateIncoming', []],
      ['pids', 'bin/createTransferRequests', []],
      ['pids', 'bin/anonymizeAndSend', []],
      ['state', 'bin/populateIncoming', []],
      ['server', 'server/bin/storectl', ['start']],
      ['server', 'server/bin/processSingleFile3', ['start']],
      ['data', 'server/bin/storectl', ['start']],
    ] as const)('to %s: %s says in one sentence where', async (forbidden, tool, args) => {
      const result = await asNobody(forbidden, tool, ...args);
      expectOneSentence(result, 73, new RegExp(`/${forbidden}.*no permission for this account, check owner and mode`));
    });

    it('as somebody else than PROCESSING_USER: the daemons refuse', async () => {
      for (const tool of ['server/bin/storectl', 'server/bin/processSingleFile3']) {
        gateway.configure({PROCESSING_USER: 'nobody'});
        const result = await gateway.run(tool, ['start']);
        gateway.configure({PROCESSING_USER: gateway.config.PROCESSING_USER});
        expectOneSentence(result, 78, 'PROCESSING_USER');
      }
    });
  });

  describe('whose port is taken', () => {
    it('storectl says by whom and what to do, and starts nothing', async () => {
      const foreign = createServer().listen(0, '127.0.0.1');
      await once(foreign, 'listening');
      const {port} = foreign.address() as {port: number};
      const config = gateway.path('other.json');
      const server = gateway.path('other-server');
      const change = {DICOMPORT: port, PATHS: {...written().PATHS, serverDir: server}};
      writeFileSync(config, JSON.stringify({...written(), ...change}));
      const result = await gateway.run('server/bin/storectl', ['start', '--config', config]);
      foreign.close();
      expectOneSentence(
        result,
        69,
        new RegExp(`port ${port} belongs to .*\\(pid ${process.pid}\\).*; end it or choose another DICOMPORT`),
      );
      expect(existsSync(join(server, '.pids/storescpd.pid'))).toBe(false);
    });
  });

  it('no identifier stands in a log, note, request or state file', () => {
    expect(gateway.leaks(Object.values(planted))).toEqual([]);
  });
});
