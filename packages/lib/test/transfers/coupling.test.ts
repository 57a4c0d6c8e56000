import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Coupling, couplingsOf, indexCouplings, missingTransfers} from '../../src/transfers/coupling.ts';

const entry = (order: number, change: Partial<Coupling> = {}): Coupling => ({
  id: String(order),
  order,
  accession: 'ACC1',
  studyUid: '',
  project: 'PROJ',
  subject: `P_${order}`,
  event: '',
  ...change,
});
const study = {uid: '1.2.3', accession: 'ACC1'};
const valid = (entries: Coupling[], of = study) =>
  couplingsOf(indexCouplings(entries), of).valid.map(found => found.subject);

describe('the coupling list', () => {
  it.each([
    ['by accession number', entry(1), ['P_1']],
    ['by StudyInstanceUID', entry(1, {accession: '', studyUid: '1.2.3'}), ['P_1']],
    ['by either', entry(1, {accession: 'other', studyUid: '1.2.3'}), ['P_1']],
    ['not by another accession number', entry(1, {accession: 'acc1'}), []],
    ['not without a project', entry(1, {project: ''}), []],
    ['not without a subject', entry(1, {subject: ''}), []],
  ])('knows a study %s', (_, one, expected) => {
    expect(valid([one])).toEqual(expected);
  });

  it('does not take a blank for equal to a blank', () => {
    expect(valid([entry(1, {accession: '', studyUid: ''})], {uid: '', accession: ''})).toEqual([]);
  });

  it('counts the newest entry of each project; older ones are superseded', () => {
    const entries = [
      entry(9, {subject: 'P_02'}),
      entry(5, {subject: 'P_01'}),
      entry(10, {subject: 'P_03', accession: 'ACC2'}),
      entry(7, {project: 'QC', subject: 'Q_1'}),
    ];
    const found = couplingsOf(indexCouplings(entries), study);
    expect(found.valid.map(one => [one.project, one.subject])).toEqual([
      ['QC', 'Q_1'],
      ['PROJ', 'P_02'],
    ]);
    expect(found.superseded.map(one => one.id)).toEqual(['5']);
  });

  it('gives one entry a project, whatever the order of the list', () => {
    const entries = fc.uniqueArray(
      fc.record({order: fc.integer({min: 1, max: 50}), project: fc.constantFrom('A', 'B', 'C')}),
      {selector: one => one.order},
    );
    fc.assert(
      fc.property(entries, list => {
        const all = list.map(({order, project}) => entry(order, {project}));
        const found = couplingsOf(indexCouplings(all), study).valid;
        for (const project of new Set(list.map(one => one.project))) {
          const newest = Math.max(...list.filter(one => one.project === project).map(one => one.order));
          expect(found.filter(one => one.project === project).map(one => one.order)).toEqual([newest]);
        }
      }),
    );
  });

  it('asks for a transfer unless there is one with the same project, name and event', () => {
    const wanted = [entry(1, {subject: 'P_01', event: 'Baseline'})];
    expect(missingTransfers(wanted, [{project: 'PROJ', name: 'P_01', event: 'Baseline'}])).toEqual([]);
    for (const existing of [
      {project: 'PROJ', name: 'P_01', event: ''},
      {project: 'PROJ', name: 'P_02', event: 'Baseline'},
      {project: 'proj', name: 'P_01', event: 'Baseline'},
    ]) {
      expect(missingTransfers(wanted, [existing])).toEqual(wanted);
    }
  });
});
