import {describe, expect, it} from 'vitest';
import type {RoutingRule} from '../../src/redcap/routing.ts';
import {type Arrival, distinctArrivals, prepareRules, routeStudy} from '../../src/transfers/routing.ts';

const none = '';
const rule = (change: Partial<RoutingRule> = {}): RoutingRule => ({
  id: '1',
  order: 1,
  active: true,
  project: 'PROJ',
  codeWithoutChoice: false,
  called: 'PROJX',
  calling: none,
  idPattern: none,
  namePattern: none,
  event: none,
  ...change,
});
const arrival = (called: string, calling: string, patientId: string, patientName: string): Arrival => ({
  called,
  calling,
  patientId,
  patientName,
});

async function routed(rules: RoutingRule[], arrivals: Arrival[], taken: string[] = []) {
  const {ready, problems} = await prepareRules(rules, 100);
  return {...routeStudy(ready, arrivals, new Set(taken)), problems};
}

describe('a routing rule', () => {
  it.each([
    [['PROJX', none, 'PX_\\d{3}', none], ['PROJX', 'MR1', 'PX_004', 'X'], 'PX_004'],
    [['PROJX', none, 'PX_\\d{3}', none], ['PROJX', 'MR1', 'PX_0041', 'X'], 'PX_0041'],
    [['PROJX', none, 'PX_\\d{3}$', none], ['PROJX', 'MR1', 'PX_0041', 'X'], undefined],
    [['PROJX', 'WS1', 'PX_', none], ['FIONA', 'WS1', 'PX_9', 'X'], 'PX_9'],
    [[none, none, 'PX_', none], ['', '', 'PX_9', 'X'], undefined],
    [['PROJX', none, 'A', 'B'], ['PROJX', 'MR1', 'A1', 'B1'], 'A1'],
    [['PROJX', none, 'A', 'B'], ['PROJX', 'MR1', 'Z1', 'B1'], 'B1'],
    [['projx', none, 'A', none], ['PROJX', 'MR1', 'A1', 'X'], undefined],
    [['PROJX', none, 'A', none], [' PROJX \t\0', 'MR1', ' A1 ', 'X'], 'A1'],
    [['PROJX', none, 'A', none], ['PROJX', 'MR1', 'BA1', 'X'], undefined],
    [['PROJX', none, none, 'B.*'], ['PROJX', 'MR1', 'X', 'B1^^^'], 'B1'],
  ] as const)('%j gives %j the name %j', async ([called, calling, idPattern, namePattern], how, name) => {
    const found = await routed(
      [rule({called, calling, idPattern, namePattern})],
      [arrival(...(how as [string, string, string, string]))],
    );
    expect(found.transfers.map(transfer => transfer.name)).toEqual(name === undefined ? [] : [name]);
    expect(found.problems).toEqual([]);
  });

  it('without a pattern never fires and is reported (DICOM titles alone give no pseudonym)', async () => {
    const found = await routed([rule({id: '7'})], [arrival('PROJX', 'MR1', 'A', 'B')]);
    expect(found.transfers).toEqual([]);
    expect(found.problems.map(problem => problem.message)).toEqual(['rule 7 can never fire: no pattern']);
  });

  it('with an invalid pattern is reported, the others go on', async () => {
    const found = await routed(
      [rule({id: '7', order: 7, idPattern: '(PX_'}), rule({id: '8', order: 8, idPattern: 'PX_'})],
      [arrival('PROJX', 'MR1', 'PX_1', 'X')],
    );
    expect(found.transfers).toEqual([{rule: '8', project: 'PROJ', name: 'PX_1', event: ''}]);
    expect(found.problems[0]).toMatchObject({rule: '7', field: 'routing_allowed_patientid', kind: 'invalid'});
    expect(found.problems[0]?.message).toMatch(/^Routing record 7, routing_allowed_patientid: /);
  });

  it('that takes too long is given up for good reason, the others go on, and the value is not told', async () => {
    const patientId = `${'a'.repeat(40)}b`;
    const found = await routed(
      [rule({id: '7', idPattern: '(?=(a+)+$)a'}), rule({id: '8', order: 8, idPattern: 'a'})],
      [arrival('PROJX', 'MR1', patientId, 'X')],
    );
    expect(found.failed.map(problem => problem.rule)).toEqual(['7']);
    expect(found.failed[0]?.message).not.toContain('aaaa');
    expect(found.transfers.map(transfer => transfer.rule)).toEqual(['8']);
  });

  it('that is inactive or without project is not used', async () => {
    const rules = [rule({active: false, idPattern: '('}), rule({project: '', idPattern: 'A'})];
    expect(await routed(rules, [arrival('PROJX', 'MR1', 'A', 'B')])).toEqual({
      transfers: [],
      refused: [],
      failed: [],
      problems: [],
    });
  });

  it('carries its event', async () => {
    const found = await routed([rule({idPattern: 'A', event: 'Baseline'})], [arrival('PROJX', 'M', 'A', 'B')]);
    expect(found.transfers).toEqual([{rule: '1', project: 'PROJ', name: 'A', event: 'Baseline'}]);
  });

  it.each(['A^B', 'A\\B', 'x'.repeat(65)])('makes no transfer under the name %j', async name => {
    const found = await routed(
      [rule({idPattern: '.'}), rule({id: '2', order: 2, idPattern: '.'})],
      [arrival('PROJX', 'MR1', name, 'B')],
    );
    expect(found.transfers).toEqual([]);
    expect(found.refused).toHaveLength(1);
    expect(JSON.stringify(found.refused)).not.toContain(name);
  });
});

describe('several rules', () => {
  const rules = [
    rule({id: '10', order: 10, project: 'PROJ', idPattern: 'A', event: 'ten'}),
    rule({id: '9', order: 9, project: 'PROJ', idPattern: 'A', event: 'nine'}),
    rule({id: '2', order: 2, project: 'QC', namePattern: 'B'}),
  ];

  it('give each project one transfer, the rule with the lowest number first', async () => {
    const found = await routed(rules, [arrival('PROJX', 'MR1', 'A1', 'B1')]);
    expect(found.transfers.map(({rule: id, name}) => [id, name])).toEqual([
      ['2', 'B1'],
      ['9', 'A1'],
    ]);
  });

  it('add nothing to a project that the study goes to already', async () => {
    const found = await routed(rules, [arrival('PROJX', 'MR1', 'A1', 'B1')], ['PROJ']);
    expect(found.transfers.map(({project}) => project)).toEqual(['QC']);
  });

  it('take the first arrival that fires', async () => {
    const arrivals = [
      arrival('FIONA', 'MR1', 'A0', 'X'),
      arrival('PROJX', 'MR1', 'A1', 'X'),
      arrival('PROJX', 'MR1', 'A2', 'X'),
    ];
    expect((await routed(rules, arrivals)).transfers.map(({name}) => name)).toEqual(['A1']);
  });
});

it('arrivals are distinct by all four values', () => {
  const one = arrival('A', 'B', 'C', 'D');
  expect(distinctArrivals([one, {...one}, arrival('A', 'B', 'C', 'E'), one])).toEqual([
    one,
    arrival('A', 'B', 'C', 'E'),
  ]);
});
