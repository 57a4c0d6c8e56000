import {setTimeout as delay} from 'node:timers/promises';
import {claimPresence, reportReady} from '../../src/cli/daemon.ts';
import {controlDaemon, ownCommand} from '../../src/cli/daemonControl.ts';
import {DaemonError} from '../../src/cli/daemonError.ts';
import {exitCode} from '../../src/cli/exitCode.ts';
import {type Outcome, type Run, runTool} from '../../src/cli/runTool.ts';

// a daemon and its control; the second argument is the daemon's behaviour, the third its folder
async function control({args, log}: Run): Promise<Outcome> {
  const [verb = '', behaviour = '', folder = ''] = args;
  const daemon = controlDaemon({
    name: 'trialDaemon',
    pidFile: `${folder}/trial.pid`,
    lockPath: `${folder}/trialDaemon.lock`,
    logFile: `${folder}/trial.log`,
    command: ownCommand('serve', behaviour, folder),
    startSeconds: 3,
    stopSeconds: 1,
    log,
  });
  switch (verb) {
    case 'start': {
      const result = await daemon.start();
      return {counts: {}, lines: [result.kind, String(result.daemon.pid)], summary: false};
    }
    case 'restart': {
      const result = await daemon.restart();
      return {counts: {}, lines: [result.kind, String(result.daemon.pid)], summary: false};
    }
    case 'stop':
      return {counts: {}, lines: [(await daemon.stop()).kind], summary: false};
    default: {
      const found = daemon.status();
      return {
        counts: {},
        lines: [found ? `pid ${found.pid}` : 'not running'],
        summary: false,
        exitCode: found ? exitCode.ok : exitCode.unavailable,
      };
    }
  }
}

async function serve({args, log, signal}: Run): Promise<Outcome> {
  const [, behaviour = '', folder = ''] = args;
  if (behaviour === 'fails') throw new DaemonError('port 11112 is taken by somebody else', exitCode.unavailable);
  if (behaviour === 'dies') process.exit(3);
  const presence = await claimPresence({
    name: 'trialDaemon',
    lockPath: `${folder}/trialDaemon.lock`,
    pidFile: `${folder}/trial.pid`,
  });
  if (behaviour === 'slow') await delay(600);
  if (behaviour === 'silent') await delay(60_000, undefined, {signal});
  console.log(`in ${process.cwd()}`);
  reportReady();
  log.info('serving');
  if (behaviour === 'deaf') for (;;) await delay(1000);
  await delay(3_600_000, undefined, {signal}).catch(() => {});
  await delay(behaviour === 'drains' ? 400 : 0);
  presence.release();
  return {counts: {}, exitCode: exitCode.ok};
}

void runTool({
  name: 'trialctl',
  description: 'Controls a trial daemon.',
  example: 'trialctl start',
  arguments: [
    ['<verb>', 'start, stop, restart, status'],
    ['<behaviour>', 'of the daemon'],
    ['<folder>', 'of its files'],
  ],
  uses: {keys: [], optionalFile: true},
  lock: (_, [verb, , folder]) => (verb === 'serve' ? undefined : `${folder}/trialctl.lock`),
  job: run => (run.args[0] === 'serve' ? serve(run) : control(run)),
});
