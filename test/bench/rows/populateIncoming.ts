import {once} from 'node:events';
import {makePipelineSite, type PipelineSite, startPipelineRedcap} from '../../support/pipelineSite.ts';
import {installed} from '../gateway.ts';
import type {Measurement} from '../table.ts';
import {median, secondsOf, showSeconds} from '../timing.ts';
import type {Workspace} from '../workspace.ts';

const studies = 1250;
const seriesPerStudy = 8;
const runs = 5;
const mostSeconds = 1;
const mostCalls = 2;

/** An idle run of `populateIncoming` on a gateway that has been in use for a while. */
export async function measurePopulateIncoming(workspace: Workspace): Promise<Measurement[]> {
  const redcap = await startPipelineRedcap();
  workspace.adopt(redcap.sandbox.process);
  const site = makePipelineSite(redcap);
  try {
    fill(site);
    const once = () => runTool(workspace, site.configFile);
    process.stderr.write(`  registering ${studies * seriesPerStudy} series: ${showSeconds(await secondsOf(once))}\n`);
    await once();
    const seconds: number[] = [];
    let calls = 0;
    for (let run = 0; run < runs; run++) {
      redcap.proxy.calls = [];
      seconds.push(await secondsOf(once));
      calls = Math.max(calls, redcap.proxy.calls.length);
    }
    const ours = median(seconds);
    return [
      {
        row: 'populateIncoming',
        measured: `${studies * seriesPerStudy} known series of ${studies} studies, none new`,
        ours: `${showSeconds(ours)}, ${calls} REDCap calls`,
        peer: '',
        goal: `<= ${mostSeconds} s, <= ${mostCalls} calls`,
        reached: Math.min(mostSeconds / ours, mostCalls / calls),
      },
    ];
  } finally {
    site.remove();
    await redcap.stop();
  }
}

function fill(site: PipelineSite): void {
  for (let study = 1; study <= studies; study++) {
    const uid = `1.2.826.0.1.3680043.10.999.78.${study}`;
    for (let series = 1; series <= seriesPerStudy; series++) {
      site.series(uid, `${uid}.${series}`, {SeriesNumber: String(series), AccessionNumber: `ACC${study}`}, 86_400);
    }
  }
}

/** One run of the installed tool. @throws Error when it fails */
async function runTool(workspace: Workspace, configFile: string): Promise<void> {
  const child = workspace.start(installed('bin/populateIncoming'), ['--config', configFile], {}, 'pipe');
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`populateIncoming ended with ${code}: ${output.slice(-2000)}`);
}
