import {writeFileSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import {exitCode} from '../../src/cli/exitCode.ts';
import {runTool} from '../../src/cli/runTool.ts';
import {registerSecret} from '../../src/cli/secretWords.ts';
import {UsageError} from '../../src/cli/usageError.ts';

// a tool that does what its argument says
void runTool<{count?: string}>({
  name: 'trial',
  description: 'Does what it is told.',
  example: 'trial good --dry-run   says what it would do',
  arguments: [['[what]', 'what to do']],
  options: program => program.option('--count <n>', 'how many'),
  uses: args => ({keys: ['PATHS', 'DATADIR'], required: args[0] === 'needs' ? ['REDCAP.url', 'DICOMPORT'] : []}),
  lock: config => `${config.PATHS.pidDir}/trial.lock`,
  async job({args, options, config, log, signal, dryRun}) {
    log.debug('a detail');
    switch (args[0]) {
      case 'bad':
        return {counts: {done: 1, failed: 2}, exitCode: exitCode.badData, lines: ['plan']};
      case 'usage':
        throw new UsageError('the count is wrong');
      case 'bug':
        registerSecret('top-secret-word');
        throw new TypeError('secret top-secret-word leaked', {cause: new Error('deeper top-secret-word')});
      case 'late':
        setTimeout(() => {
          throw new Error('thrown by an event');
        }, 1);
        await delay(5000);
        break;
      case 'rejected':
        void Promise.reject(new Error('nobody waits for this'));
        await delay(5000);
        break;
      case 'write':
        writeFileSync(options.count ?? '', 'x'.repeat(100_000));
        break;
      case 'wait':
        log.info('waiting');
        await delay(20_000, undefined, {signal});
        break;
      case 'stubborn':
        log.info('waiting');
        await delay(20_000);
        break;
      case 'inject':
        log.info('two\nlines \u001b[31mred\r\u0000 top\ttab');
        break;
      case 'much':
        return {counts: {}, json: Array.from({length: 200_000}, (_, n) => n)};
      default:
        log.info(`root ${config.DATADIR}, count ${options.count}, dry ${dryRun}`);
    }
    return {counts: {done: 3, failed: 0}, lines: ['first line', 'second line']};
  },
});
