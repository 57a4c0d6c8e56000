import {readdirSync, readFileSync} from 'node:fs';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {InstalledGateway} from '../support/installedGateway.ts';
import {pipeline} from '../support/installedTools.ts';

const root = '1.2.826.0.1.3680043.10.999.78';

describe('two copies of each tool at once', () => {
  let gateway: InstalledGateway;
  let number = 0;

  beforeAll(async () => {
    gateway = await InstalledGateway.make();
    await gateway.startDaemons();
  });
  afterAll(() => gateway?.stop());

  async function aStudy(): Promise<string> {
    number += 1;
    await gateway.sendStudy(`${root}.${number}`, number);
    return `${root}.${number}`;
  }

  it('the second copies leave with 75, and the result is that of one', async () => {
    const study = await aStudy();
    gateway.fault({match: {content: 'record'}, do: 'delay:700'});
    for (const tool of pipeline) {
      const [first, second] = await Promise.all([gateway.run(tool), gateway.run(tool)]);
      expect([first.code, second.code].sort()).toEqual([0, 75]);
      const loser = first.code === 75 ? first : second;
      expect(loser.stdout).toMatch(/WARN is already running \(pid \d+ since .*\), nothing done; try later/);
    }
    gateway.clearFaults();
    expect(await gateway.rowsOf(study, 'series')).toHaveLength(1);
    expect(await gateway.transferProblems(study)).toEqual([]);
  });

  it('all tools and both daemons: nothing is lost or doubled', async () => {
    const study = await aStudy();
    const daemons = ['server/bin/storectl', 'server/bin/processSingleFile3'];
    const runs = [...pipeline, ...pipeline].map(tool => gateway.run(tool));
    const starts = [...daemons, ...daemons].map(tool => gateway.run(tool, ['restart']));
    for (const {code} of await Promise.all([...runs, ...starts])) expect([0, 75]).toContain(code);
    for (const tool of daemons) expect((await gateway.run(tool, ['status'])).code).toBe(0);
    for (const name of ['storescpd', 'processSingleFile']) {
      const {pid} = JSON.parse(readFileSync(gateway.path(`server/.pids/${name}.pid`), 'utf8')) as {pid: number};
      expect(servers(name === 'storescpd' ? 'storectl' : 'processSingleFile3', gateway.gateway.configFile)).toEqual([
        pid,
      ]);
    }
    await gateway.runPipeline();
    expect(await gateway.transferProblems(study)).toEqual([]);
  });

  it('a second daemon in the foreground leaves with 75 and disturbs nothing', async () => {
    for (const tool of ['server/bin/storectl', 'server/bin/processSingleFile3']) {
      expect((await gateway.run(tool, ['serve'])).code).toBe(75);
      expect((await gateway.run(tool, ['status'])).code).toBe(0);
    }
  });
});

/** Pids of the daemons of a tool that serve with this configuration. */
function servers(tool: string, configFile: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(name => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        const env = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
        return (
          words.some(word => word.endsWith(`/${tool}`)) &&
          words.includes('serve') &&
          env.includes(`FIONA_CONFIG=${configFile}`)
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}
