import {FIELD_TYPES, type MetadataRow, parseChoices} from './dictionary.ts';

const NAME = /^[a-z][a-z0-9_]{0,99}$/;
const WITH_CHOICES = ['dropdown', 'radio', 'checkbox'];

/** What is wrong with a data dictionary, each problem with its place (`metadata[3].field_name: …`); nothing when it is fine. */
export function checkMetadata(metadata: MetadataRow[]): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  const forms = new Set(metadata.map(row => row.form_name));
  for (const [index, row] of metadata.entries()) {
    const problem = (column: string, text: string): void => {
      problems.push(`metadata[${index}].${column}: ${text}`);
    };
    const {field_name: name, form_name: form, field_type: type} = row;
    if (!NAME.test(name))
      problem('field_name', `"${name.slice(0, 100)}" is no field name (a-z, 0-9 and _, begins with a letter)`);
    else if (seen.has(name)) problem('field_name', `"${name}" occurs twice`);
    else if (name.endsWith('_complete') && forms.has(name.slice(0, -'_complete'.length))) {
      problem('field_name', `"${name}" is the status of a form`);
    }
    seen.add(name);
    if (!NAME.test(form)) problem('form_name', `"${form.slice(0, 100)}" is no form name`);
    if (!FIELD_TYPES.some(known => known === type)) problem('field_type', `"${type.slice(0, 40)}" is not known`);
    if (WITH_CHOICES.includes(type)) {
      const text = choiceProblem(row.select_choices_or_calculations);
      if (text !== undefined) problem('select_choices_or_calculations', text);
    }
  }
  if (metadata[0] !== undefined && metadata[0].field_type !== 'text') {
    problems.push('metadata[0].field_type: the record id must be a text field');
  }
  return problems;
}

function choiceProblem(text: string): string | undefined {
  const codes = parseChoices(text).map(choice => choice.code);
  if (codes.length === 0) return 'the field has no choices';
  if (codes.some(code => code === '')) return 'a choice has no code';
  if (new Set(codes).size < codes.length) return 'a code occurs twice';
  return undefined;
}
