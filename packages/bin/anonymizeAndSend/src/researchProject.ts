import type {ResearchProject, ResearchProjects} from '@fiona/lib/redcap/dataTransferProjects';

/** The research project a request names, or why there is none to send to. */
export type FoundProject =
  | {readonly kind: 'known'; readonly project: ResearchProject}
  | {readonly kind: 'unknown'; readonly detail: string}
  /** Its record does not say clearly what is to be done. */
  | {readonly kind: 'unclear'; readonly detail: string};

/**
 * Finds a project by its name; by its record id only when no record has that name. A misspelt name must not reach the research PACS.
 * @param allowUnknown whether a project without a record is sent to without any rules
 */
export function findProject(
  name: string,
  {projects, duplicates, problems}: ResearchProjects,
  allowUnknown: boolean,
): FoundProject {
  if (duplicates.includes(name)) {
    const detail = 'unknown project: DataTransferProjects has several records of this project_name; rename all but one';
    return {kind: 'unknown', detail};
  }
  const project = projects.get(name) ?? [...projects.values()].find(({record}) => record === name);
  const unclear = problems.find(({record, field}) => record === project?.record && field === 'project_features');
  if (unclear !== undefined) {
    return {kind: 'unclear', detail: `DataTransferProjects, ${unclear.field}: ${unclear.message}; correct it`};
  }
  if (project !== undefined) return {kind: 'known', project};
  if (allowUnknown) return {kind: 'known', project: withoutRules(name)};
  return {kind: 'unknown', detail: 'unknown project: DataTransferProjects has no record of this project_name'};
}

function withoutRules(name: string): ResearchProject {
  return {
    record: '',
    name,
    active: true,
    naming: '',
    importRules: [],
    features: {removePresentationStates: false, neverRewritePixels: false, removeSecondaryCaptures: false},
    exclusions: [],
    useAutoId: false,
    autoIdAeTitle: '',
  };
}
