import {buildDictionary, type Dictionary, labelOfForm, type MetadataRow} from './dictionary.ts';

export interface EventDefinition {
  unique_event_name: string;
  event_name: string;
  arm_num: number;
  custom_event_label: string;
  day_offset: string;
  event_id: number;
  forms: string[];
}

/** A blank form name is a repeating event; a blank event name a repeating form of a classic project. */
export interface RepeatDefinition {
  event_name: string;
  form_name: string;
  custom_form_label: string;
}

export interface GroupDefinition {
  unique_group_name: string;
  data_access_group_name: string;
  data_access_group_id: number;
}

export interface Rights {
  api_export: boolean;
  api_import: boolean;
  record_delete: boolean;
  logging: boolean;
}

/** What is stored of a project beside its data. */
export interface ProjectDefinition {
  metadata: MetadataRow[];
  events: EventDefinition[];
  arms: {arm_num: number; name: string}[];
  repeating: RepeatDefinition[];
  /** Labels of forms that were given one. */
  formLabels: Record<string, string>;
  groups: GroupDefinition[];
  autonumbering: boolean;
  rights: Rights;
  /** Overrides for `content=project`. */
  overrides: Record<string, string | number>;
}

/** A project ready for use. */
export interface Project {
  id: number;
  name: string;
  token: string;
  created: string;
  definition: ProjectDefinition;
  dictionary: Dictionary;
  longitudinal: boolean;
  /** Unique event name -> event; empty in classic projects, whose rows have the event ''. */
  events: Map<string, EventDefinition>;
  /** Position of events and forms, for ordering rows. */
  eventOrder: Map<string, number>;
  formOrder: Map<string, number>;
}

/** Builds the usable project from what is stored. */
export function buildProject(
  stored: {id: number; name: string; token: string; created: string},
  definition: ProjectDefinition,
): Project {
  const dictionary = buildDictionary(definition.metadata);
  return {
    ...stored,
    definition,
    dictionary,
    longitudinal: definition.events.length > 0,
    events: new Map(definition.events.map(event => [event.unique_event_name, event])),
    eventOrder: new Map(definition.events.map((event, index) => [event.unique_event_name, index])),
    formOrder: new Map(dictionary.forms.map((form, index) => [form, index])),
  };
}

/** The event that rows without one belong to: the first, or '' in a classic project. */
export function firstEvent(project: Project): string {
  return project.definition.events[0]?.unique_event_name ?? '';
}

/** Whether a form is designated for an event; always true in classic projects. */
export function isDesignated(project: Project, form: string, event: string): boolean {
  return !project.longitudinal || (project.events.get(event)?.forms.includes(form) ?? false);
}

/** Whether a form is a repeating instrument in this event. */
export function isRepeatingForm(project: Project, form: string, event: string): boolean {
  return project.definition.repeating.some(entry => entry.form_name === form && entry.event_name === event);
}

/** Whether the whole event repeats. */
export function isRepeatingEvent(project: Project, event: string): boolean {
  return project.definition.repeating.some(entry => entry.form_name === '' && entry.event_name === event);
}

export function hasRepeating(project: Project): boolean {
  return project.definition.repeating.length > 0;
}

export function formLabel(project: Project, form: string): string {
  return project.definition.formLabels[form] ?? labelOfForm(form);
}

/** `Name`, or `Name (Arm 1: Arm name)` when the project has several arms. */
export function eventLabel(project: Project, eventName: string): string {
  const event = project.events.get(eventName);
  if (event === undefined) return eventName;
  if (project.definition.arms.length < 2) return event.event_name;
  const arm = project.definition.arms.find(candidate => candidate.arm_num === event.arm_num);
  return `${event.event_name} (Arm ${event.arm_num}: ${arm?.name ?? `Arm ${event.arm_num}`})`;
}

/** The key of an exported row within a record. */
export interface RowKey {
  event: string;
  instrument: string;
  instance: number;
}

/** Whether the cells of a form exist in a row: the rest is blank, boxes and status included. */
export function formBelongs(project: Project, form: string, key: RowKey): boolean {
  if (key.instrument !== '') return form === key.instrument;
  if (!isDesignated(project, form, key.event)) return false;
  return key.instance > 0 || !isRepeatingForm(project, form, key.event);
}
