import {METADATA_COLUMNS} from '../../src/project/dictionary.ts';

/** A dictionary row from form, name and type; further columns as given. */
export function field(
  form: string,
  name: string,
  type = 'text',
  more: Record<string, string> = {},
): Record<string, string> {
  const blank = Object.fromEntries(METADATA_COLUMNS.map(column => [column, '']));
  return {...blank, form_name: form, field_name: name, field_type: type, field_label: `Label of ${name}`, ...more};
}

export const choices = (text: string): Record<string, string> => ({select_choices_or_calculations: text});
export const validation = (type: string): Record<string, string> => ({
  text_validation_type_or_show_slider_number: type,
});

/** The project of the acceptance examples: classic, one base form, one repeating form. */
export function projectS(): Record<string, unknown> {
  return {
    name: 'S',
    metadata: [
      field('base', 'record_id'),
      field('base', 'name'),
      field('base', 'box', 'checkbox', choices('1, A | 2, B')),
      field('base', 'pick', 'radio', choices('1, One | 2, Two')),
      field('base', 'when', 'text', validation('date_mdy')),
      field('series', 'uid'),
      field('series', 'n', 'text', validation('integer')),
    ],
    repeating: [{form_name: 'series'}],
    data: [
      {record_id: '1', name: 'Ada', box___2: '1', pick: '1'},
      {record_id: '1', redcap_repeat_instrument: 'series', redcap_repeat_instance: 1, uid: '1.2.3', n: '5'},
      {record_id: '10'},
      {record_id: '2', name: '', pick: '2'},
    ],
  };
}

/** A longitudinal project with a repeating form in the first event, a repeating event, two arms and a file field. */
export function projectL(): Record<string, unknown> {
  return {
    name: 'L',
    metadata: [
      field('person', 'record_id'),
      field('person', 'sex', 'radio', choices('0, Female | 1, Male')),
      field('person', 'dob', 'text', validation('date_ymd')),
      field('person', 'height', 'text', validation('number')),
      field('person', 'bmi', 'calc', choices('[height] * 2')),
      field('person', 'info', 'descriptive'),
      field('person', 'smoker', 'yesno'),
      field('imaging', 'img_uid'),
      field('imaging', 'img_at', 'text', validation('datetime_ymd')),
      field('imaging', 'img_file', 'file'),
      field('visit', 'note', 'notes'),
      field('visit', 'flags', 'checkbox', choices('a, First | -1, Minus, one | B, Third')),
    ],
    events: [
      {unique_event_name: 'event_1_arm_1', forms: ['person', 'imaging']},
      {unique_event_name: 'visits_arm_1', forms: ['visit']},
      {unique_event_name: 'event_1_arm_2', forms: ['person', 'visit'], event_name: 'Control'},
    ],
    arms: [{arm_num: 1, name: 'Cases'}],
    repeating: [
      {form_name: 'imaging', event_name: 'event_1_arm_1'},
      {form_name: '', event_name: 'visits_arm_1'},
    ],
    data: [
      {
        record_id: '007',
        redcap_event_name: 'event_1_arm_1',
        sex: '1',
        dob: '1980-02-29',
        height: '193.04',
        bmi: '26.8',
      },
      {
        record_id: '007',
        redcap_event_name: 'event_1_arm_1',
        redcap_repeat_instrument: 'imaging',
        redcap_repeat_instance: '2',
        img_uid: '1.2.3',
        img_file: 'scan.pdf',
      },
      {
        record_id: '007',
        redcap_event_name: 'visits_arm_1',
        redcap_repeat_instance: 1,
        note: 'two\nlines',
        flags____1: '1',
      },
      {record_id: '007', redcap_event_name: 'visits_arm_1', redcap_repeat_instance: 2, flags___b: '1'},
      {record_id: 'b', redcap_event_name: 'event_1_arm_2', sex: '0', smoker: '0', redcap_data_access_group: 'clinic_a'},
    ],
    dags: [{unique_group_name: 'clinic_a', data_access_group_name: 'Clinic A'}],
  };
}
