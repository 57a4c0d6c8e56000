import {describe, expect, it} from 'vitest';
import {actionFor, nextState, type State, transitionTable} from '../../src/dimse/stateMachine.ts';

const states = Array.from({length: 13}, (_, index) => `Sta${index + 1}` as State);

describe('the state machine of PS3.8 table 9-10', () => {
  it('has a row for each of the 19 events and a column for each of the 13 states', () => {
    const rows = transitionTable.trim().split('\n');
    expect(rows).toHaveLength(20);
    for (const row of rows) expect(row.split(/ +/)).toHaveLength(14);
  });

  it('knows the next state of every action it names', () => {
    const named = new Set(transitionTable.match(/[AD][AERT]-\d+/g));
    const known = new Set([...Object.keys(nextState), 'AE-6', 'AR-8']);
    expect(named).toEqual(known);
  });

  it('answers every PDU in every state with an open connection', () => {
    for (const event of ['Evt3', 'Evt4', 'Evt6', 'Evt10', 'Evt12', 'Evt13', 'Evt16', 'Evt19'] as const)
      for (const state of states)
        if (state !== 'Sta1' && state !== 'Sta4') expect(actionFor(event, state), `${event} ${state}`).toBeDefined();
  });

  it('never leaves a state when the connection is gone but to idle', () => {
    for (const state of states.slice(1)) {
      const action = actionFor('Evt17', state);
      expect(action).toBeDefined();
      expect(nextState[action as 'AA-4']).toBe('Sta1');
    }
  });

  it('aborts on data before there is an association', () => {
    expect(actionFor('Evt10', 'Sta2')).toBe('AA-1');
    expect(actionFor('Evt10', 'Sta5')).toBe('AA-8');
  });
});
