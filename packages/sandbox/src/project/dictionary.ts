/** The columns of a data dictionary, in the order in which the API exports them. */
export const METADATA_COLUMNS = [
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
] as const;

export type MetadataColumn = (typeof METADATA_COLUMNS)[number];
export type MetadataRow = Record<MetadataColumn, string>;

export const FIELD_TYPES = [
  'text',
  'notes',
  'calc',
  'dropdown',
  'radio',
  'checkbox',
  'yesno',
  'truefalse',
  'file',
  'slider',
  'descriptive',
  'sql',
] as const;

export type FieldType = (typeof FIELD_TYPES)[number] | 'complete';

export interface Choice {
  code: string;
  label: string;
}

/** One exported column of a field: the field itself, or one box of a checkbox. */
export interface Column {
  name: string;
  field: Field;
  /** The box, of checkbox columns. */
  choice?: Choice;
}

export interface Field {
  name: string;
  form: string;
  type: FieldType;
  label: string;
  choices: Choice[];
  /** Validation type of a text field, '' for none. */
  validation: string;
  /** Empty for descriptive fields. */
  columns: Column[];
}

/** A data dictionary as everything else uses it: forms and fields in dictionary order, status fields included. */
export interface Dictionary {
  recordId: string;
  /** Form names in order of first appearance. */
  forms: string[];
  /** Every field by name, in export order: per form its fields, then `<form>_complete`. */
  fields: Map<string, Field>;
  /** Every exported column by name, in export order. */
  columns: Map<string, Column>;
}

/** `code, label | code, label`: split at the bars, then at the first comma only; labels may hold commas. */
export function parseChoices(text: string): Choice[] {
  return text
    .split('|')
    .filter(part => part.trim() !== '')
    .map(part => {
      const comma = part.indexOf(',');
      const code = (comma < 0 ? part : part.slice(0, comma)).trim();
      return {code, label: comma < 0 ? code : part.slice(comma + 1).trim()};
    });
}

/** Column of one box: letters of the code in lower case, what is no letter, digit or underscore becomes `_`. */
export function boxColumn(field: string, code: string): string {
  return `${field}___${code.toLowerCase().replace(/[^a-z0-9_]/g, '_')}`;
}

const FIXED_CHOICES: Record<string, Choice[]> = {
  yesno: [
    {code: '1', label: 'Yes'},
    {code: '0', label: 'No'},
  ],
  truefalse: [
    {code: '1', label: 'True'},
    {code: '0', label: 'False'},
  ],
  complete: [
    {code: '0', label: 'Incomplete'},
    {code: '1', label: 'Unverified'},
    {code: '2', label: 'Complete'},
  ],
};

const CHOICE_TYPES: FieldType[] = ['dropdown', 'radio', 'checkbox'];

function fieldOf(row: MetadataRow): Field {
  const type = row.field_type as FieldType;
  const choices = CHOICE_TYPES.includes(type) ? parseChoices(row.select_choices_or_calculations) : FIXED_CHOICES[type];
  const field: Field = {
    name: row.field_name,
    form: row.form_name,
    type,
    label: row.field_label,
    choices: choices ?? [],
    validation: type === 'text' ? row.text_validation_type_or_show_slider_number : '',
    columns: [],
  };
  if (type === 'checkbox') {
    field.columns = field.choices.map(choice => ({name: boxColumn(field.name, choice.code), field, choice}));
  } else if (type !== 'descriptive') {
    field.columns = [{name: field.name, field}];
  }
  return field;
}

function statusField(form: string): Field {
  const field: Field = {
    name: `${form}_complete`,
    form,
    type: 'complete',
    label: 'Complete?',
    choices: FIXED_CHOICES.complete ?? [],
    validation: '',
    columns: [],
  };
  field.columns = [{name: field.name, field}];
  return field;
}

/** Builds the dictionary from checked metadata rows; the first row's field is the record id. */
export function buildDictionary(metadata: MetadataRow[]): Dictionary {
  const forms = [...new Set(metadata.map(row => row.form_name))];
  const fields = new Map<string, Field>();
  for (const form of forms) {
    for (const row of metadata) if (row.form_name === form) fields.set(row.field_name, fieldOf(row));
    fields.set(`${form}_complete`, statusField(form));
  }
  const columns = new Map<string, Column>();
  for (const field of fields.values()) for (const column of field.columns) columns.set(column.name, column);
  return {recordId: metadata[0]?.field_name ?? '', forms, fields, columns};
}

/** `contact_info` -> `Contact Info`: the label of a form that was given none. */
export function labelOfForm(name: string): string {
  return name
    .split('_')
    .filter(word => word !== '')
    .map(word => word[0]?.toUpperCase() + word.slice(1))
    .join(' ');
}
