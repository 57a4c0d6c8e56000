import {describe, expect, it} from 'vitest';
import {couplingEntries} from '../../src/redcap/couplingList.ts';
import {parseRuleTag, researchProjects} from '../../src/redcap/dataTransferProjects.ts';
import {resolveEvent} from '../../src/redcap/eventName.ts';
import {incomingRows, isFinished, isGood, isOutstanding, isRequest} from '../../src/redcap/incoming.ts';
import {columnSuffix, parseChoices} from '../../src/redcap/projectInfo.ts';
import {routingRules} from '../../src/redcap/routing.ts';
import {groupByRecord, nextInstance, type Row} from '../../src/redcap/row.ts';

const transfer = (values: Record<string, string>, instance = 1): Row => ({
  record: '1.2.3',
  form: 'transfers',
  instance,
  values,
});

describe('choices', () => {
  it('split at the bar, then at the first comma', () => {
    expect([...parseChoices('1, A, B and C | 2,D|x, |  y ')]).toEqual([
      ['1', 'A, B and C'],
      ['2', 'D'],
      ['x', ''],
      ['y', 'y'],
    ]);
    expect(parseChoices('').size).toBe(0);
  });

  it('appear in lower case in the columns of a checkbox', () => {
    expect(['mixedCase', '-1', '3'].map(columnSuffix)).toEqual(['mixedcase', '_1', '3']);
  });
});

describe('rows of Incoming', () => {
  const complete = {
    transfer_project_name: ' PROJ ',
    transfer_name: 'P_01',
    transfer_event_name: '',
    transfer_date: '2026-01-01 10:00',
    transfer_error___1: '0',
    transfer_error___2: '0',
    transfer_error___3: '1',
    transfer_mapped_uid: '2.25.1',
  };

  it('are studies, series and transfers; other instruments are dropped', () => {
    const rows: Row[] = [
      {record: '1.2.3', values: {study_description: 'x'}},
      {record: '1.2.3', form: 'series', instance: 2, values: {series_instance_uid: '1.2.3.4 '}},
      transfer(complete),
      {record: '1.2.3', form: 'other', instance: 1, values: {}},
    ];
    const {studies, series, transfers} = incomingRows(rows);
    expect(studies).toEqual([{study: '1.2.3', values: {study_description: 'x'}}]);
    expect(series).toMatchObject([{study: '1.2.3', instance: 2, seriesUid: '1.2.3.4'}]);
    expect(transfers).toEqual([
      {
        study: '1.2.3',
        instance: 1,
        project: 'PROJ',
        name: 'P_01',
        event: '',
        date: '2026-01-01 10:00',
        mappedUid: '2.25.1',
        errors: {anonymization: false, sending: false, pixels: true},
      },
    ]);
  });

  it.each([
    [{}, {request: true, outstanding: false, finished: true, good: true}],
    [{transfer_date: ''}, {request: true, outstanding: true, finished: false, good: false}],
    [
      {transfer_name: ' ', transfer_date: ''},
      {request: false, outstanding: false, finished: false, good: false},
    ],
    [{transfer_error___1: '1'}, {request: true, outstanding: false, finished: true, good: false}],
    [{transfer_error___2: '1'}, {request: true, outstanding: false, finished: true, good: false}],
    [{transfer_mapped_uid: ''}, {request: true, outstanding: false, finished: true, good: false}],
  ])('with %o are %o', (values, expected) => {
    const [row] = incomingRows([transfer({...complete, ...values})]).transfers;
    expect(
      row && {request: isRequest(row), outstanding: isOutstanding(row), finished: isFinished(row), good: isGood(row)},
    ).toEqual(expected);
  });

  it('are not called outstanding when the date was not asked for', () => {
    const [row] = incomingRows([transfer({transfer_project_name: 'A', transfer_name: 'B'})]).transfers;
    expect(() => row && isOutstanding(row)).toThrow('transfer_date was not asked for');
  });

  it('number the next instance after the highest of its instrument', () => {
    const rows = [transfer({}, 1), transfer({}, 7), {record: '1.2.3', form: 'series', instance: 9, values: {}}];
    expect([nextInstance(rows, 'transfers'), nextInstance(rows, 'series'), nextInstance(rows, 'none')]).toEqual([
      8, 10, 1,
    ]);
    expect([...groupByRecord(rows).keys()]).toEqual(['1.2.3']);
  });
});

describe('routing rules', () => {
  const rule = (record: string, values: Record<string, string>): Row => ({
    record,
    values: {record_id: record, routing_active: '1', ...values},
  });

  it('come in numeric order with the label of their project', () => {
    const rows = [
      rule('10', {routing_dest_project: '2'}),
      rule('9', {routing_dest_project: 'OLD'}),
      rule('2', {routing_active: '0', routing_sending_aetitle: ' WS1\t'}),
    ];
    const rules = routingRules(rows, new Map([['2', 'PROJ, with comma']]));
    expect(
      rules.map(({id, project, codeWithoutChoice, active, calling}) => [
        id,
        project,
        codeWithoutChoice,
        active,
        calling,
      ]),
    ).toEqual([
      ['2', '', false, false, 'WS1'],
      ['9', 'OLD', true, true, ''],
      ['10', 'PROJ, with comma', false, true, ''],
    ]);
  });
});

describe('the coupling list', () => {
  it('comes in numeric order, trimmed, also without the optional field', () => {
    const entry = (record: string, accession: string): Row => ({
      record,
      values: {cl_accessionnumber: accession, cl_projectname: 'P', cl_subjectid: 'S', cl_eventname: '', cl_date: ''},
    });
    expect(couplingEntries([entry('12', 'A'), entry('9', ' B\t')])).toMatchObject([
      {id: '9', order: 9, accession: 'B', studyUid: ''},
      {id: '12', accession: 'A'},
    ]);
  });
});

describe('research projects', () => {
  const base = (record: string, values: Record<string, string>): Row => ({
    record,
    values: {record_id: record, project_name: record, ...values},
  });
  const tags = new Map([
    ['1', '0x0020:0x4000 Image Comments'],
    ['7', 'nonsense'],
  ]);

  it('carry their import rules, features and exclusions', () => {
    const rows: Row[] = [
      base('PROJ', {
        project_active: '1',
        project_features___0: '1',
        project_features___1: '0',
        project_features___2: '1',
        project_import_rule_1_tag: '0032,4000',
        project_import_rule_1_regexp: '(a)',
        project_import_rule_2_tag: '',
        project_import_rule_3_tag: 'Comments',
        project_token: 'ABCDEF',
      }),
      {
        record: 'PROJ',
        form: 'rewritepixelexclusions',
        instance: 1,
        values: {rewrite_ex_tag: '1', rewrite_ex_reg: 'scout'},
      },
      {record: 'PROJ', form: 'rewritepixelexclusions', instance: 2, values: {rewrite_ex_tag: '1', rewrite_ex_reg: ' '}},
      {record: 'PROJ', form: 'rewritepixelexclusions', instance: 3, values: {rewrite_ex_tag: '7', rewrite_ex_reg: 'x'}},
    ];
    const {projects, problems, duplicates} = researchProjects(rows, tags);
    const project = projects.get('PROJ');
    expect(project).toMatchObject({
      active: true,
      features: {removePresentationStates: true, neverRewritePixels: false, removeSecondaryCaptures: true},
      importRules: [
        {tag: 0x00324000, pattern: '(a)'},
        {tag: undefined, tagText: 'Comments'},
      ],
      exclusions: [{tag: 0x00204000, pattern: 'scout', instance: 1}],
    });
    expect(project?.token).toBe('ABCDEF');
    expect(JSON.stringify(project)).not.toContain('ABCDEF');
    expect(problems.map(problem => problem.field)).toEqual([
      'project_import_rule_3_tag',
      'rewrite_ex_tag (instance 3)',
    ]);
    expect(duplicates).toEqual([]);
  });

  it('with one name twice are not used at all', () => {
    const {projects, duplicates} = researchProjects(
      [base('1', {project_name: 'A '}), base('2', {project_name: 'A'}), base('3', {project_name: 'B'})],
      tags,
    );
    expect([[...projects.keys()], duplicates]).toEqual([['B'], ['A']]);
  });

  it.each([
    ['0032,4000', 0x00324000],
    ['(0010,103e)', 0x0010103e],
    ['0x0020:0x4000', 0x00204000],
    ['0x0020,0x4000', 0x00204000],
    ['00204000', 0x00204000],
    ['FFFE,E000', 0xfffee000],
    ['20,4000', undefined],
    ['', undefined],
  ])('read the tag %s as %s', (text, tag) => {
    expect(parseRuleTag(text)).toBe(tag);
  });
});

describe('the text of an event', () => {
  const events = (...names: string[]) =>
    names.map(name => ({name, label: name === 'v1_arm_1' ? 'First Visit' : '', arm: Number(name.at(-1))}));

  it.each([
    ['', ['event_1_arm_1', 'baseline_arm_1'], 'event_1_arm_1'],
    ['Baseline', ['baseline_arm_1'], 'baseline_arm_1'],
    ['Week 12', ['week_12_arm_1'], 'week_12_arm_1'],
    ['baseline_arm_2', ['baseline_arm_1', 'baseline_arm_2'], 'baseline_arm_2'],
    ['first visit', ['v1_arm_1'], 'v1_arm_1'],
    ['Month 3', ['baseline_arm_1'], undefined],
    ['', ['b_arm_2', 'a_arm_1'], 'a_arm_1'],
  ])('"%s" among %j is %s', (text, names, resolved) => {
    expect(resolveEvent(text, events(...names))).toBe(resolved);
  });
});
