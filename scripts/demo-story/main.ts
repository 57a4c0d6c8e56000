import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {Gateway} from './gateway.ts';
import {tellStory} from './story.ts';

const {values} = parseArgs({options: {keep: {type: 'boolean'}, page: {type: 'string'}}});
const dir = mkdtempSync(join(tmpdir(), 'fiona-demo-'));
let gateway: Gateway | undefined;

async function end(): Promise<void> {
  await gateway?.stop();
  if (!values.keep) rmSync(dir, {recursive: true, force: true});
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void end().then(() => process.exit(75)));
}
try {
  gateway = await Gateway.make(dir);
  const {page, found} = await tellStory(gateway, line => console.log(line));
  const pagePath = values.page ?? join(values.keep ? dir : process.cwd(), 'fiona-demo.html');
  writeFileSync(pagePath, page);
  console.log(`\nThe same story with pictures: ${pagePath}`);
  if (values.keep) {
    console.log(
      `Kept in ${dir}: data/site (archive, links, series summaries), pacs (what was sent), transfers_done, logs in server/logs.`,
    );
    console.log(
      `Start it again: dist/sandbox/sandbox start --dir ${dir} &  then any tool with FIONA_CONFIG=${gateway.configFile}`,
    );
  }
  process.exitCode = found === 0 ? 0 : 70;
} finally {
  await end();
}
