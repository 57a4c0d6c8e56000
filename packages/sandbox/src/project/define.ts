import type {ProjectFile} from './loadFormat.ts';
import type {EventDefinition, GroupDefinition, ProjectDefinition} from './project.ts';

const armOf = (uniqueName: string): number => Number(/_arm_(\d+)$/.exec(uniqueName)?.[1] ?? 1);

/** `visit_1_arm_1` -> `Visit 1`: the label of an event that was given none. */
function labelOfEvent(uniqueName: string): string {
  const words = uniqueName.replace(/_arm_\d+$/, '').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What is stored of a project, from its checked file. `nextNumber` gives event and group ids. */
export function defineProject(
  file: ProjectFile,
  nextNumber: (counter: 'event_id' | 'group_id') => number,
): ProjectDefinition {
  const longitudinal = file.events.length > 0;
  const events: EventDefinition[] = file.events.map(event => ({
    unique_event_name: event.unique_event_name,
    event_name: event.event_name || labelOfEvent(event.unique_event_name),
    arm_num: event.arm_num ?? armOf(event.unique_event_name),
    custom_event_label: event.custom_event_label,
    day_offset: event.day_offset,
    event_id: nextNumber('event_id'),
    forms: event.forms,
  }));
  const arms = [...new Set(events.map(event => event.arm_num))].map(number => ({
    arm_num: number,
    name: file.arms.find(arm => arm.arm_num === number)?.name ?? `Arm ${number}`,
  }));
  return {
    metadata: file.metadata,
    events,
    arms,
    repeating: file.repeating.map(entry => ({...entry, event_name: longitudinal ? entry.event_name : ''})),
    formLabels: Object.fromEntries(file.forms.map(form => [form.instrument_name, form.instrument_label])),
    groups: groupsOf(file, nextNumber),
    autonumbering: file.record_autonumbering_enabled,
    rights: file.rights,
    overrides: file.project,
  };
}

/** Groups of the file, and those that only the data name. */
function groupsOf(file: ProjectFile, nextNumber: (counter: 'group_id') => number): GroupDefinition[] {
  const labels = new Map(file.dags.map(dag => [dag.unique_group_name, dag.data_access_group_name]));
  for (const row of file.data) {
    const name = String(row.redcap_data_access_group ?? '');
    if (name !== '' && !labels.has(name)) labels.set(name, '');
  }
  return [...labels].map(([name, label]) => ({
    unique_group_name: name,
    data_access_group_name: label || name,
    data_access_group_id: nextNumber('group_id'),
  }));
}
