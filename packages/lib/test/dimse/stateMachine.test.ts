import {describe, expect, it} from 'vitest';
import {
  type Action,
  actionFor,
  type Event,
  nextState,
  type State,
  transitionTable,
} from '../../src/dimse/stateMachine.ts';

const states = Array.from({length: 13}, (_, index) => `Sta${index + 1}` as State);

/** One row of PS3.8 table 9-10 in words: states that are named, and what stands in every other one. */
type Row = Partial<Record<State | 'open', Action>>;

/** Sta3 and Sta5 to Sta12: there is, or is about to be, an association. */
const open = new Set(states.filter(state => !['Sta1', 'Sta2', 'Sta4', 'Sta13'].includes(state)));

const aborted = {Sta2: 'AA-1', open: 'AA-8', Sta13: 'AA-6'} as const;

const rows: Record<Event, Row> = {
  Evt1: {Sta1: 'AE-1'},
  Evt2: {Sta4: 'AE-2'},
  Evt3: {...aborted, Sta5: 'AE-3'},
  Evt4: {...aborted, Sta5: 'AE-4'},
  Evt5: {Sta1: 'AE-5'},
  Evt6: {...aborted, Sta2: 'AE-6', Sta13: 'AA-7'},
  Evt7: {Sta3: 'AE-7'},
  Evt8: {Sta3: 'AE-8'},
  Evt9: {Sta6: 'DT-1', Sta8: 'AR-7'},
  Evt10: {...aborted, Sta6: 'DT-2', Sta7: 'AR-6'},
  Evt11: {Sta6: 'AR-1'},
  Evt12: {...aborted, Sta6: 'AR-2', Sta7: 'AR-8'},
  Evt13: {...aborted, Sta7: 'AR-3', Sta10: 'AR-10', Sta11: 'AR-3'},
  Evt14: {Sta8: 'AR-4', Sta9: 'AR-9', Sta12: 'AR-4'},
  Evt15: {Sta4: 'AA-2', open: 'AA-1'},
  Evt16: {Sta2: 'AA-2', open: 'AA-3', Sta13: 'AA-2'},
  Evt17: {Sta2: 'AA-5', Sta4: 'AA-4', open: 'AA-4', Sta13: 'AR-5'},
  Evt18: {Sta2: 'AA-2', Sta13: 'AA-2'},
  Evt19: {...aborted, Sta13: 'AA-7'},
};

describe('the state machine of PS3.8 table 9-10', () => {
  it.each(Object.entries(rows) as [Event, Row][])('has the standard action in each state for %s', (event, row) => {
    for (const state of states) {
      const expected = row[state] ?? (open.has(state) ? row.open : undefined);
      expect([state, actionFor(event, state)]).toEqual([state, expected]);
    }
  });

  it('has a row for each of the 19 events and a column for each of the 13 states', () => {
    const lines = transitionTable.trim().split('\n');
    expect(lines).toHaveLength(20);
    for (const line of lines) expect(line.split(/ +/)).toHaveLength(14);
  });

  it('knows the next state of every action it names', () => {
    const named = new Set(transitionTable.match(/[AD][AERT]-\d+/g));
    expect(named).toEqual(new Set([...Object.keys(nextState), 'AE-6', 'AR-8']));
  });
});
