import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {temporaryFolder} from './client.ts';
import type {Fault} from './fakeRedcap.ts';

const main = fileURLToPath(new URL('../../../../sandbox/src/main.ts', import.meta.url));

export interface Sandbox {
  url: string;
  /** Authority of its certificate; with TLS only. */
  caFile: string | undefined;
  /** Adds a project. @returns its token */
  load(project: object): string;
  fault(fault: Fault & {match?: {moreThanRecords?: number}}): void;
  clearFaults(): void;
  stop(): Promise<void>;
}

/** The project's own REDCap-compatible server as a process of its own. */
export async function startSandbox(environment: Record<string, string> = {}, tls?: 'tls'): Promise<Sandbox> {
  const dir = temporaryFolder();
  // a process for each command: faults that are used up in their test need no clearing
  let lasting = false;
  const run = (args: string[], input?: string) =>
    execFileSync(process.execPath, [main, ...args, '--dir', dir], {
      encoding: 'utf8',
      ...(input !== undefined && {input}),
    }).trim();
  const child: ChildProcess = spawn(process.execPath, [main, 'start', '--dir', dir, ...(tls ? [] : ['--plain-http'])], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {...process.env, TZ: 'Europe/Oslo', ...environment},
  });
  if (!child.stdout) throw new Error('the sandbox has no output');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const {redcapUrl, caFile} = JSON.parse(line) as {redcapUrl: string; caFile?: string};
  return {
    url: redcapUrl,
    caFile,
    load: project => run(['load', '-'], JSON.stringify(project)),
    fault(fault) {
      run(['fault', '-'], JSON.stringify(fault));
      lasting ||= fault.times === undefined || fault.times > 5;
    },
    clearFaults() {
      if (lasting) run(['faults', '--clear']);
      lasting = false;
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

const columns = [
  'field_name',
  'form_name',
  'section_header',
  'field_type',
  'field_label',
  'select_choices_or_calculations',
  'field_note',
  'text_validation_type_or_show_slider_number',
  'text_validation_min',
  'text_validation_max',
  'identifier',
  'branching_logic',
  'required_field',
  'custom_alignment',
  'question_number',
  'matrix_group_name',
  'matrix_ranking',
  'field_annotation',
];

function field(form_name: string, field_name: string, field_type = 'text', more: Record<string, string> = {}) {
  return {
    ...Object.fromEntries(columns.map(column => [column, ''])),
    form_name,
    field_name,
    field_type,
    field_label: field_name,
    ...more,
  };
}

/** Project S of the acceptance examples. */
export function projectS(data?: object[]): object {
  return {
    name: 'S',
    metadata: [
      field('base', 'record_id'),
      field('base', 'name'),
      field('base', 'box', 'checkbox', {select_choices_or_calculations: '1, A | 2, B'}),
      field('base', 'pick', 'radio', {select_choices_or_calculations: '1, One | 2, Two'}),
      field('base', 'when', 'text', {text_validation_type_or_show_slider_number: 'date_mdy'}),
      field('series', 'uid'),
      field('series', 'n', 'text', {text_validation_type_or_show_slider_number: 'integer'}),
    ],
    repeating: [{form_name: 'series'}],
    data: data ?? [
      {record_id: '1', name: 'Ada', box___2: '1', pick: '1'},
      {record_id: '1', redcap_repeat_instrument: 'series', redcap_repeat_instance: 1, uid: '1.2.3', n: '5'},
      {record_id: '10'},
      {record_id: '2', name: '', pick: '2'},
    ],
  };
}

/** A longitudinal project with a repeating form and a file field. */
export function projectL(): object {
  return {
    name: 'L',
    metadata: [
      field('person', 'record_id'),
      field('person', 'first_name'),
      field('imaging', 'img_uid'),
      field('imaging', 'img_file', 'file'),
    ],
    events: [
      {unique_event_name: 'event_1_arm_1', forms: ['person', 'imaging'], event_name: 'First'},
      {unique_event_name: 'week_12_arm_1', forms: ['person'], event_name: 'Week 12'},
    ],
    repeating: [{form_name: 'imaging', event_name: 'event_1_arm_1'}],
    data: [
      {record_id: 'P_01', redcap_event_name: 'event_1_arm_1', first_name: 'P_01'},
      {
        record_id: 'P_01',
        redcap_event_name: 'event_1_arm_1',
        redcap_repeat_instrument: 'imaging',
        redcap_repeat_instance: 3,
        img_uid: '2.25.1',
      },
    ],
  };
}
