import {inspect} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {aClient, failureOf} from './support/client.ts';
import {type FakeRedcap, type Fault, startFakeRedcap, token} from './support/fakeRedcap.ts';

let server: FakeRedcap;
beforeEach(async () => {
  server = await startFakeRedcap();
  server.rows = [
    {record: '1', form: 'base', instance: '', values: {name: 'Ada', box___1: '0', box___2: '1', pick: '1'}},
    {record: '1', form: 'series', instance: 1, values: {uid: '1.2.3', n: '5'}},
    {record: '2', form: 'base', instance: '', values: {pick: '2'}},
    {record: '10', form: 'base', instance: '', values: {}},
  ];
});
afterEach(() => server.close());

const onRecords = (what: string, times?: number): Fault => ({
  match: {content: 'record'},
  do: what,
  ...(times !== undefined && {times}),
});

describe('a failing server', () => {
  it.each([
    {fault: 'gatewayTimeout', kind: 'gateway', requests: 5, exit: 69},
    {fault: 'status:500 oops', kind: 'gateway', requests: 5, exit: 69},
    {fault: 'status:502 <html>Bad Gateway</html>', kind: 'gateway', requests: 5, exit: 69},
    {fault: 'status:408 ', kind: 'gateway', requests: 5, exit: 69},
    {fault: 'reset', kind: 'unreachable', requests: 5, exit: 69},
    {fault: 'maintenance', kind: 'maintenance', requests: 2, exit: 69},
    {fault: 'maintenance503', kind: 'maintenance', requests: 2, exit: 69},
    {fault: 'html:403', kind: 'maintenance', requests: 2, exit: 69},
    {fault: 'html:500', kind: 'gateway', requests: 5, exit: 69},
    {fault: 'empty200', kind: 'malformed', requests: 2, exit: 69},
    {fault: 'truncateJson', kind: 'malformed', requests: 2, exit: 69},
    {fault: 'truncate:20', kind: 'malformed', requests: 2, exit: 69},
    {fault: 'status:200 {"rows":[]}', kind: 'malformed', requests: 2, exit: 69},
    {fault: 'status:200 [1,2]', kind: 'malformed', requests: 2, exit: 69},
    {fault: 'error200', kind: 'rejected', requests: 1, exit: 69},
    {fault: 'status:400 {"error":"no"}', kind: 'rejected', requests: 1, exit: 69},
    {fault: 'status:400 ERROR: no', kind: 'rejected', requests: 1, exit: 69},
    {fault: 'status:400 <?xml version="1.0" ?><hash><error>no</error></hash>', kind: 'rejected', requests: 1, exit: 69},
    {fault: 'badToken', kind: 'auth', requests: 1, exit: 78},
    {fault: 'status:401 {"error":"x"}', kind: 'auth', requests: 1, exit: 78},
    {fault: 'status:403 {"error":"You do not have API Export privileges"}', kind: 'forbidden', requests: 1, exit: 78},
    {fault: 'status:404 <html>Not Found</html>', kind: 'config', requests: 1, exit: 78},
    {fault: 'status:413 ', kind: 'tooLarge', requests: 1, exit: 69},
    {fault: 'outOfMemory:-1', kind: 'tooLarge', requests: 1, exit: 69},
    {fault: 'ban', kind: 'rateLimited', requests: 1, exit: 75},
    {fault: 'status:429 slow down', kind: 'rateLimited', requests: 1, exit: 75},
    {fault: 'redirect:https://other.example.org/api/', kind: 'config', requests: 1, exit: 78},
  ])(
    'answering $fault gives $kind after $requests requests, exit $exit, never an empty list',
    async ({fault, kind, requests, exit}) => {
      const {redcap} = aClient(server.url);
      await redcap.metadata();
      const before = server.requests.length;
      server.faults = [onRecords(fault)];
      const error = await failureOf(redcap.read({fields: ['uid'], records: ['1']}));
      expect(error).toMatchObject({kind, exitCode: exit, project: 'S', content: 'record'});
      expect(server.requests.length - before).toBe(requests);
      expect(error.message).toMatch(/^REDCap S \(record/);
    },
  );

  it('is asked again until it answers, one log line per repetition, waiting longer each time', async () => {
    server.faults = [onRecords('gatewayTimeout', 2)];
    const {redcap, log} = aClient(server.url, {http: {backoffSeconds: [0.1, 0.2], requestsPerMinute: 100_000}});
    const begun = performance.now();
    expect(await redcap.read({fields: ['uid'], records: ['1']})).toHaveLength(2);
    expect(performance.now() - begun).toBeGreaterThan(230);
    expect(log.lines.filter(line => line.startsWith('INFO'))).toEqual([
      expect.stringMatching(/^INFO REDCap S record: attempt 2 of 5 in 0\.1 s \(gateway 504\)$/),
      expect.stringMatching(/^INFO REDCap S record: attempt 3 of 5 in 0\.2 s \(gateway 504\)$/),
    ]);
  });

  it('is given the time it asks for with Retry-After', async () => {
    server.faults = [onRecords('retryAfter:1', 1)];
    const {redcap} = aClient(server.url);
    const begun = performance.now();
    await redcap.read({fields: ['uid'], records: ['1']});
    expect(performance.now() - begun).toBeGreaterThan(950);
  });

  it('that asks for more time than we have ends the call at once', async () => {
    server.faults = [onRecords('retryAfter:3600')];
    const {redcap} = aClient(server.url);
    expect((await failureOf(redcap.read({fields: ['uid'], records: ['1']}))).kind).toBe('gateway');
  });

  it('that is silent ends in a timeout', async () => {
    server.faults = [onRecords('silent')];
    const {redcap} = aClient(server.url, {http: {requestSeconds: 0.1, attempts: 2, backoffSeconds: [0.01]}});
    const error = await failureOf(redcap.read({fields: ['uid'], records: ['1']}));
    expect(error).toMatchObject({kind: 'timeout', attempts: 2, exitCode: 69, mayHaveHappened: true});
  });

  it('that drips a byte at a time ends in a timeout when the whole time is over', async () => {
    server.faults = [onRecords('slowBody')];
    const {redcap} = aClient(server.url, {http: {requestSeconds: 0.3, totalSeconds: 0.8}});
    await redcap.metadata();
    const begun = performance.now();
    expect((await failureOf(redcap.read({fields: ['uid'], records: ['1']}))).kind).toBe('timeout');
    expect(performance.now() - begun).toBeLessThan(1500);
  });

  it('that cannot be reached is named as such, and nothing can have happened', async () => {
    await server.close();
    const {redcap} = aClient(server.url);
    const error = await failureOf(redcap.write([{record: '1', values: {name: 'x'}}]));
    expect(error).toMatchObject({kind: 'unreachable', mayHaveHappened: false, attempts: 5});
    expect(error.message).toContain('ECONNREFUSED');
    server = await startFakeRedcap();
  });

  it('that moved within the same host is followed', async () => {
    server.faults = [onRecords('redirect:self', 1)];
    const {redcap, log} = aClient(server.url);
    expect(await redcap.read({fields: ['uid'], records: ['1']})).toHaveLength(2);
    expect(log.lines.join()).toContain('correct REDCAP.url');
  });

  it('may pack its answers', async () => {
    server.faults = [onRecords('gzip')];
    const {redcap} = aClient(server.url);
    expect(await redcap.read({fields: ['uid'], records: ['1']})).toHaveLength(2);
  });

  it('that blocks us stops every tool of the host for 15 minutes', async () => {
    server.faults = [onRecords('ban', 1)];
    const {redcap, stateDir} = aClient(server.url);
    expect(await failureOf(redcap.read({fields: ['uid'], records: ['1']}))).toMatchObject({
      kind: 'rateLimited',
      exitCode: 75,
    });
    const before = server.requests.length;
    const next = aClient(server.url, {stateDir});
    expect(await failureOf(next.redcap.read({fields: ['uid'], records: ['1']}))).toMatchObject({
      kind: 'rateLimited',
      exitCode: 75,
      attempts: 0,
    });
    expect(server.requests.length).toBe(before);
    const later = {now: () => new Date(Date.now() + 15 * 60_000 + 1000), monotonic: () => performance.now()};
    const {redcap: afterwards} = aClient(server.url, {stateDir, clock: later});
    expect(await afterwards.read({fields: ['uid'], records: ['1']})).toHaveLength(2);
  });

  it('is left alone at once when the tool is asked to stop', async () => {
    server.faults = [onRecords('gatewayTimeout')];
    const stop = new AbortController();
    const {redcap} = aClient(server.url, {signal: stop.signal, http: {backoffSeconds: [60]}});
    await redcap.metadata();
    const failure = failureOf(redcap.read({fields: ['uid'], records: ['1']}));
    setTimeout(() => stop.abort(), 100);
    expect((await failure).exitCode).toBe(75);
  });
});

describe('the token', () => {
  it.each(['echoToken', 'badToken', 'reset', 'gatewayTimeout', 'maintenance', 'truncateJson'])(
    'is in no error, stack, dump or log line after %s',
    async fault => {
      server.faults = [onRecords(fault)];
      const {redcap, log} = aClient(server.url);
      const error = await failureOf(redcap.read({fields: ['uid'], records: ['1']}));
      const everything = [
        error.message,
        error.stack,
        JSON.stringify(error),
        inspect(error, {depth: 10, showHidden: true}),
        error.serverText,
        ...log.lines,
      ].join('\n');
      expect(everything.toLowerCase()).not.toContain(token.toLowerCase());
    },
  );

  it('of the wrong shape is refused before anything is sent', () => {
    expect(() => aClient(server.url, {token: 'ABC'})).toThrow(/32 hexadecimal/);
  });
});

describe('the address', () => {
  it.each([
    ['http://redcap.example.org/api/', /https/],
    ['https://redcap.example.org/', /end in \/api\//],
    ['https://user:pw@redcap.example.org/api/', /nothing but host and path/],
    ['ftp://redcap.example.org/api/', /http/],
    ['nonsense', /http/],
  ])('%s is refused', (url, why) => {
    expect(() => aClient(url)).toThrow(why);
  });

  it('may be plain http elsewhere when the configuration says so, with a warning', () => {
    const {log} = aClient('http://redcap.example.org/api/', {http: {allowPlainHttp: true}});
    expect(log.lines).toEqual([expect.stringContaining('unencrypted')]);
  });
});
