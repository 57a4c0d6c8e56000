import {once} from 'node:events';
import {connect, createServer, type Socket} from 'node:net';
import {setImmediate as turn} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import {DimseError} from '../../src/dimse/dimseError.ts';
import type {AssociateAccept, AssociateReject, ControlPdu, Fragment} from '../../src/dimse/pdu.ts';
import {PduReader} from '../../src/dimse/pduReader.ts';
import {encodePdu} from '../../src/dimse/pduWriter.ts';
import {type Action, actionFor, type Event, nextState, type State} from '../../src/dimse/stateMachine.ts';
import {UpperLayer} from '../../src/dimse/upperLayer.ts';
import {eventually, explicitUid, onCleanup} from './helpers.ts';
import {associateRequest, dataPdu, dataValue} from './rawPeer.ts';

const accept: AssociateAccept = {
  kind: 'associate-accept',
  calledAeTitle: 'ANY',
  callingAeTitle: 'RAW',
  contexts: [{id: 1, result: 0, transferSyntax: explicitUid}],
  user: {maxPduLength: 16384, roles: []},
};
const reject: AssociateReject = {kind: 'associate-reject', result: 1, source: 1, reason: 1};
const data = dataPdu(dataValue(1, 1, Buffer.from('abcd')));

/** An upper layer, what it told its user, and the other end of its connection with what came there. */
interface Wire {
  upper: UpperLayer;
  peer: Socket;
  told: string[];
  came: (ControlPdu | Fragment)[];
  /** Resolves when both ends have read what the other one wrote. */
  settled(): Promise<void>;
}

async function wire(role: 'requestor' | 'acceptor', artimTimeoutMs = 5000): Promise<Wire> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as {port: number};
  const peer = connect({port, host: '127.0.0.1', allowHalfOpen: true});
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(peer, 'connect')])) as [[Socket], unknown];
  server.close();
  onCleanup(() => {
    peer.destroy();
    socket.destroy();
  });
  const [told, came]: [string[], (ControlPdu | Fragment)[]] = [[], []];
  const reader = new PduReader();
  peer.on('error', () => {});
  peer.on('data', chunk => {
    reader.feed(chunk as Buffer);
    for (let token = reader.next(); token; token = reader.next()) came.push(token);
  });
  const upper = new UpperLayer(
    socket,
    {
      associateRequested: () => told.push('A-ASSOCIATE indication'),
      associateAnswered: ({kind}) => told.push(`A-ASSOCIATE confirmation (${kind})`),
      dataArrived: () => void told.push('P-DATA indication'),
      releaseRequested: () => told.push('A-RELEASE indication'),
      ended: error => told.push(`ended (${error === undefined ? 'in order' : error.failure})`),
    },
    {role, peerName: 'the peer', artimTimeoutMs},
  );
  const settled = async () => {
    const isEven = () => socket.bytesRead === peer.bytesWritten && peer.bytesRead === socket.bytesWritten;
    while (!socket.destroyed && !isEven()) await turn();
    await turn();
  };
  return {upper, peer, told, came, settled};
}

/** How to come to each state. Sta1 is where all end; Sta4 is over before the upper layer has its socket. */
const ways: Record<Exclude<State, 'Sta1' | 'Sta4'>, (artimTimeoutMs?: number) => Promise<Wire>> = {
  Sta2: artim => wire('acceptor', artim),
  Sta3: async artim => heard(await ways.Sta2(artim), encodePdu(associateRequest())),
  Sta5: async () => {
    const line = await wire('requestor');
    line.upper.associate(associateRequest());
    return line;
  },
  Sta6: () => established('acceptor'),
  Sta7: async () => releasing(await established('acceptor')),
  Sta8: async () => heard(await established('acceptor'), encodePdu({kind: 'release-request'})),
  Sta9: async () => heard(await releasing(await established('requestor')), encodePdu({kind: 'release-request'})),
  Sta10: async () => heard(await releasing(await established('acceptor')), encodePdu({kind: 'release-request'})),
  Sta11: async () => {
    const line = await ways.Sta9();
    line.upper.answerRelease();
    return line;
  },
  Sta12: async () => heard(await ways.Sta10(), encodePdu({kind: 'release-response'})),
  Sta13: async artim => {
    const line = await ways.Sta3(artim);
    line.upper.reject(reject);
    return line;
  },
};

async function heard(line: Wire, bytes: Buffer): Promise<Wire> {
  line.peer.write(bytes);
  await line.settled();
  return line;
}

async function established(role: 'requestor' | 'acceptor'): Promise<Wire> {
  if (role === 'requestor') return heard(await ways.Sta5(), encodePdu(accept));
  const line = await ways.Sta3();
  line.upper.accept(accept);
  return line;
}

async function releasing(line: Wire): Promise<Wire> {
  line.upper.release();
  await line.settled();
  return line;
}

const fromPeer: Partial<Record<Event, Buffer>> = {
  Evt3: encodePdu(accept),
  Evt4: encodePdu(reject),
  Evt6: encodePdu(associateRequest()),
  Evt10: data,
  Evt12: encodePdu({kind: 'release-request'}),
  Evt13: encodePdu({kind: 'release-response'}),
  Evt16: encodePdu({kind: 'abort', source: 0, reason: 0}),
  Evt19: Buffer.from([0x2a, 0, 0, 0, 0, 4, 0, 0, 0, 0]),
};

const fromUser: Partial<Record<Event, (upper: UpperLayer) => unknown>> = {
  Evt7: upper => upper.accept(accept),
  Evt8: upper => upper.reject(reject),
  Evt9: upper => upper.sendData([data]),
  Evt11: upper => upper.release(),
  Evt14: upper => upper.answerRelease(),
  Evt15: upper => upper.abort(new DimseError('cancelled', 'enough')),
};

async function happens(event: Event, line: Wire): Promise<void> {
  const {upper, peer, settled} = line;
  if (event === 'Evt17') {
    peer.destroy();
    await eventually(() => upper.socket.destroyed);
    await turn();
    return;
  }
  fromUser[event]?.(upper);
  const bytes = fromPeer[event];
  if (bytes) peer.write(bytes);
  await settled();
}

/** What PS3.8 tables 9-6 to 9-9 let the peer and the user see of each action. */
interface Effect {
  sent?: string;
  told?: string[];
  next?: State;
  closed?: true;
}

const effects: Record<Action, Effect> = {
  'AE-1': {},
  'AE-2': {sent: 'associate-request'},
  'AE-3': {told: ['A-ASSOCIATE confirmation (associate-accept)']},
  'AE-4': {told: ['A-ASSOCIATE confirmation (associate-reject)', 'ended (in order)'], closed: true},
  'AE-5': {},
  'AE-6': {told: ['A-ASSOCIATE indication'], next: 'Sta3'},
  'AE-7': {sent: 'associate-accept'},
  'AE-8': {sent: 'associate-reject'},
  'DT-1': {sent: 'fragment'},
  'DT-2': {told: ['P-DATA indication']},
  'AR-1': {sent: 'release-request'},
  'AR-2': {told: ['A-RELEASE indication']},
  'AR-3': {told: ['ended (in order)'], closed: true},
  'AR-4': {sent: 'release-response', told: ['ended (in order)']},
  'AR-5': {},
  'AR-6': {told: ['P-DATA indication']},
  'AR-7': {sent: 'fragment'},
  'AR-8': {next: 'Sta10'},
  'AR-9': {sent: 'release-response'},
  'AR-10': {told: ['A-RELEASE indication']},
  'AA-1': {sent: 'abort 0'},
  'AA-2': {closed: true},
  'AA-3': {told: ['ended (aborted)'], closed: true},
  'AA-4': {told: ['ended (closed)']},
  'AA-5': {},
  'AA-6': {},
  'AA-7': {},
  'AA-8': {sent: 'abort 2', told: ['ended (protocol)']},
};

function nameOf(pdu: ControlPdu | Fragment | undefined): string | undefined {
  return pdu?.kind === 'abort' ? `abort ${pdu.source}` : pdu?.kind;
}

function isEnd(told: string): boolean {
  return told.startsWith('ended');
}

/** The standard prints nothing for an abort where there is no association; ours closes the connection then (AA-2). */
function expectedAction(event: Event, state: State): Action | undefined {
  return event === 'Evt15' && (state === 'Sta2' || state === 'Sta13') ? 'AA-2' : actionFor(event, state);
}

const walkedEvents = [...Object.keys(fromPeer), ...Object.keys(fromUser), 'Evt17'] as Event[];
const cells = Object.keys(ways).flatMap(state =>
  walkedEvents.map(event => [state, event] as [keyof typeof ways, Event]),
);

describe('the upper layer over a real connection', () => {
  it('does in each state at each event what PS3.8 9.2 prints, and nothing where it prints nothing', async () => {
    for (const [state, event] of cells) {
      const line = await ways[state]();
      await line.settled();
      const cell = `${event} in ${state}`;
      expect([cell, line.upper.state]).toEqual([cell, state]);
      const [before, toldBefore] = [line.came.length, line.told.length];
      await happens(event, line);
      const action = expectedAction(event, state);
      const effect = action === undefined ? {} : effects[action];
      const next = action === undefined ? state : (effect.next ?? nextState[action as keyof typeof nextState]);
      expect([cell, line.upper.state]).toEqual([cell, next]);
      expect([cell, nameOf(line.came[before])]).toEqual([cell, effect.sent]);
      // That all is over is told once, also when there was no association yet; the user that aborts hears it at once.
      const told = event === 'Evt15' && action === 'AA-1' ? ['ended (cancelled)'] : (effect.told ?? []);
      const hadAssociation = state !== 'Sta2' && state !== 'Sta13' && !line.told.slice(0, toldBefore).some(isEnd);
      const heardNow = line.told.slice(toldBefore).filter(one => hadAssociation || !isEnd(one));
      expect([cell, heardNow]).toEqual([cell, told.filter(one => hadAssociation || !isEnd(one))]);
      expect(line.told.filter(isEnd).length).toBeLessThan(2);
      if (effect.closed && !line.peer.readableEnded) await once(line.peer, 'end');
      line.peer.destroy();
      line.upper.socket.destroy();
    }
  });

  it('in a release collision lets the requestor answer first (Sta9 to Sta12)', async () => {
    const requestor = await ways.Sta9();
    expect(requestor.told.at(-1)).toBe('A-RELEASE indication');
    requestor.upper.answerRelease();
    await heard(requestor, encodePdu({kind: 'release-response'}));
    expect([requestor.upper.state, requestor.told.at(-1)]).toEqual(['Sta1', 'ended (in order)']);
    const acceptor = await ways.Sta12();
    acceptor.upper.answerRelease();
    await acceptor.settled();
    expect(acceptor.came.at(-1)?.kind).toBe('release-response');
    expect([acceptor.upper.state, acceptor.told.at(-1)]).toEqual(['Sta13', 'ended (in order)']);
  });

  it.each(['Sta2', 'Sta13'] as const)('closes in %s when the ARTIM timer expires', async state => {
    const {upper} = await ways[state](50);
    expect(upper.state).toBe(state);
    await eventually(() => upper.socket.destroyed);
    expect(upper.state).toBe('Sta1');
  });

  it('is not kept by a peer that goes on asking after the end (Sta13)', async () => {
    const {upper, peer} = await ways.Sta13(150);
    const asking = setInterval(() => peer.write(encodePdu(associateRequest())), 30);
    onCleanup(() => clearInterval(asking));
    await eventually(() => upper.socket.destroyed, 1000);
  });

  it.each([
    ['another protocol version', {protocolVersion: 2}, {result: 1, source: 2, reason: 2}],
    ['another application context', {applicationContext: '1.2.3'}, {result: 1, source: 1, reason: 2}],
  ])('refuses %s itself (AE-6)', async (_, wrong, answer) => {
    const line = await heard(await ways.Sta2(), encodePdu(associateRequest(undefined, wrong)));
    await line.settled();
    expect(line.came).toEqual([{kind: 'associate-reject', ...answer}]);
    expect([line.upper.state, line.told]).toEqual(['Sta13', []]);
  });
});
