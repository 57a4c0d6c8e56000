/**
 * The state machine of the DICOM upper layer as PS3.8 9.2 prints it (tables 9-6 to 9-10): what happens (`Evt`) in which
 * state (`Sta`) leads to which action. `upperLayer` carries the actions out.
 */

/** PS3.8 table 9-5: states. */
export type State =
  /** Idle. */
  | 'Sta1'
  /** Transport connection open, awaiting A-ASSOCIATE-RQ. */
  | 'Sta2'
  /** Awaiting the local user's A-ASSOCIATE response. */
  | 'Sta3'
  /** Awaiting the transport connection. */
  | 'Sta4'
  /** Awaiting A-ASSOCIATE-AC or -RJ. */
  | 'Sta5'
  /** Association established, ready for data. */
  | 'Sta6'
  /** Awaiting A-RELEASE-RP. */
  | 'Sta7'
  /** Awaiting the local user's A-RELEASE response. */
  | 'Sta8'
  /** Release collision, requestor's side: awaiting the local user's A-RELEASE response. */
  | 'Sta9'
  /** Release collision, acceptor's side: awaiting A-RELEASE-RP. */
  | 'Sta10'
  /** Release collision, requestor's side: awaiting A-RELEASE-RP. */
  | 'Sta11'
  /** Release collision, acceptor's side: awaiting the local user's A-RELEASE response. */
  | 'Sta12'
  /** Awaiting the end of the transport connection. */
  | 'Sta13';

/** PS3.8 table 9-10, first column. */
export type Event =
  /** A-ASSOCIATE request (local user). */
  | 'Evt1'
  /** Transport connection confirmed. */
  | 'Evt2'
  /** A-ASSOCIATE-AC received. */
  | 'Evt3'
  /** A-ASSOCIATE-RJ received. */
  | 'Evt4'
  /** Transport connection indication (acceptor). */
  | 'Evt5'
  /** A-ASSOCIATE-RQ received. */
  | 'Evt6'
  /** A-ASSOCIATE response, accept (local user). */
  | 'Evt7'
  /** A-ASSOCIATE response, reject (local user). */
  | 'Evt8'
  /** P-DATA request (local user). */
  | 'Evt9'
  /** P-DATA-TF received. */
  | 'Evt10'
  /** A-RELEASE request (local user). */
  | 'Evt11'
  /** A-RELEASE-RQ received. */
  | 'Evt12'
  /** A-RELEASE-RP received. */
  | 'Evt13'
  /** A-RELEASE response (local user). */
  | 'Evt14'
  /** A-ABORT request (local user). */
  | 'Evt15'
  /** A-ABORT received. */
  | 'Evt16'
  /** Transport connection closed. */
  | 'Evt17'
  /** ARTIM timer expired. */
  | 'Evt18'
  /** Unrecognised or invalid PDU received. */
  | 'Evt19';

/** PS3.8 tables 9-6 to 9-9. */
export type Action =
  | 'AE-1'
  | 'AE-2'
  | 'AE-3'
  | 'AE-4'
  | 'AE-5'
  | 'AE-6'
  | 'AE-7'
  | 'AE-8'
  | 'DT-1'
  | 'DT-2'
  | 'AR-1'
  | 'AR-2'
  | 'AR-3'
  | 'AR-4'
  | 'AR-5'
  | 'AR-6'
  | 'AR-7'
  | 'AR-8'
  | 'AR-9'
  | 'AR-10'
  | 'AA-1'
  | 'AA-2'
  | 'AA-3'
  | 'AA-4'
  | 'AA-5'
  | 'AA-6'
  | 'AA-7'
  | 'AA-8';

/** PS3.8 table 9-10, row by row; `.` is an event that cannot happen in that state. */
export const transitionTable = `
Event  Sta1  Sta2  Sta3  Sta4  Sta5  Sta6  Sta7  Sta8  Sta9  Sta10 Sta11 Sta12 Sta13
Evt1   AE-1  .     .     .     .     .     .     .     .     .     .     .     .
Evt2   .     .     .     AE-2  .     .     .     .     .     .     .     .     .
Evt3   .     AA-1  AA-8  .     AE-3  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
Evt4   .     AA-1  AA-8  .     AE-4  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
Evt5   AE-5  .     .     .     .     .     .     .     .     .     .     .     .
Evt6   .     AE-6  AA-8  .     AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-7
Evt7   .     .     AE-7  .     .     .     .     .     .     .     .     .     .
Evt8   .     .     AE-8  .     .     .     .     .     .     .     .     .     .
Evt9   .     .     .     .     .     DT-1  .     AR-7  .     .     .     .     .
Evt10  .     AA-1  AA-8  .     AA-8  DT-2  AR-6  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
Evt11  .     .     .     .     .     AR-1  .     .     .     .     .     .     .
Evt12  .     AA-1  AA-8  .     AA-8  AR-2  AR-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
Evt13  .     AA-1  AA-8  .     AA-8  AA-8  AR-3  AA-8  AA-8  AR-10 AR-3  AA-8  AA-6
Evt14  .     .     .     .     .     .     .     AR-4  AR-9  .     .     AR-4  .
Evt15  .     .     AA-1  AA-2  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  .
Evt16  .     AA-2  AA-3  .     AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-2
Evt17  .     AA-5  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AR-5
Evt18  .     AA-2  .     .     .     .     .     .     .     .     .     .     AA-2
Evt19  .     AA-1  AA-8  .     AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-7
`;

/** PS3.8 tables 9-6 to 9-9, "next state". AE-6 and AR-8 choose between two. */
export const nextState: Record<Exclude<Action, 'AE-6' | 'AR-8'>, State> = {
  'AE-1': 'Sta4',
  'AE-2': 'Sta5',
  'AE-3': 'Sta6',
  'AE-4': 'Sta1',
  'AE-5': 'Sta2',
  'AE-7': 'Sta6',
  'AE-8': 'Sta13',
  'DT-1': 'Sta6',
  'DT-2': 'Sta6',
  'AR-1': 'Sta7',
  'AR-2': 'Sta8',
  'AR-3': 'Sta1',
  'AR-4': 'Sta13',
  'AR-5': 'Sta1',
  'AR-6': 'Sta7',
  'AR-7': 'Sta8',
  'AR-9': 'Sta11',
  'AR-10': 'Sta12',
  'AA-1': 'Sta13',
  'AA-2': 'Sta1',
  'AA-3': 'Sta1',
  'AA-4': 'Sta1',
  'AA-5': 'Sta1',
  'AA-6': 'Sta13',
  'AA-7': 'Sta13',
  'AA-8': 'Sta13',
};

function parseTable(text: string): Map<string, Action> {
  const [head, ...rows] = text
    .trim()
    .split('\n')
    .map(line => line.split(/ +/));
  const transitions = new Map<string, Action>();
  for (const [event, ...actions] of rows)
    actions.forEach((action, column) => {
      if (action !== '.') transitions.set(`${event} ${head?.[column + 1]}`, action as Action);
    });
  return transitions;
}

const transitions = parseTable(transitionTable);

/** The action for an event in a state; undefined where the standard leaves the field blank. */
export function actionFor(event: Event, state: State): Action | undefined {
  return transitions.get(`${event} ${state}`);
}
