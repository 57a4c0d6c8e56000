import {UsageError} from '@fiona/lib/cli/usageError';
import type {Config} from '@fiona/lib/config/load';
import {DeidError} from '@fiona/lib/deid/deidError';
import {checkDeidRequest, type DeidRequest} from '@fiona/lib/deid/request';
import {resolveDeidRequest} from '@fiona/lib/deid/resolveRequest';
import {type AnonymizeOptions, required, wholeNumber} from './options.ts';
import {importRulesOf, tagChangesOf} from './tagChanges.ts';

/** What of a request stands on the command line: wrong there, it is a usage error. */
const ownOptions = new Set(['subject', 'project', 'event', 'dateIncrement', 'importRules']);

/**
 * The de-identification that the command line and the configuration ask for.
 * @throws UsageError, DeidError, ConfigError
 */
export async function requestOf(options: AnonymizeOptions, section: Config['ANONYMIZER']): Promise<DeidRequest> {
  const project = required(options.projectname ?? options.project, '--projectname');
  const subject = required(options.patientid ?? options.subject, '--patientid');
  const event = options.eventname ?? options.event ?? '';
  try {
    const request = await resolveDeidRequest(withChoices(section, project, options), {
      project,
      subject,
      event,
      importRules: importRulesOf(options.regtagchange ?? []),
      pixelGate: {cleared: options.allowBurnedIn === true, burned: false},
    });
    const changes = tagChangesOf(options.tagchange ?? [], request, options.force === true);
    const changed = {
      ...request,
      fixedTexts: changes.fixedTexts,
      profileOverrides: [
        ...request.profileOverrides.filter(({tag}) => changes.profileOverrides.every(each => each.tag !== tag)),
        ...changes.profileOverrides,
      ],
    };
    checkDeidRequest(changed);
    return changed;
  } catch (error) {
    if (error instanceof DeidError && ownOptions.has(error.option)) throw new UsageError(error.message);
    throw error;
  }
}

/** The configuration with what the command line sets for this project. */
function withChoices(section: Config['ANONYMIZER'], project: string, options: AnonymizeOptions): Config['ANONYMIZER'] {
  const days = wholeNumber(options.dateincrement ?? options.dateIncrement, '--dateincrement', Number.NEGATIVE_INFINITY);
  const style = uidStyleOf(options);
  const own = Object.hasOwn(section.projects, project) ? section.projects[project] : undefined;
  return {
    ...section,
    projects: {
      ...section.projects,
      [project]: {
        ...own,
        ...(days === undefined ? {} : {dateIncrement: days}),
        ...(style === undefined ? {} : {uidStyle: style}),
      } as Config['ANONYMIZER']['projects'][string],
    },
  };
}

function uidStyleOf({uidStyle, oldstyleuid}: AnonymizeOptions): 'oid' | 'hex' | 'keyed' | undefined {
  if (oldstyleuid && uidStyle !== undefined && uidStyle !== 'hex')
    throw new UsageError('--oldstyleuid and --uid-style ask for different styles');
  if (oldstyleuid) return 'hex';
  return uidStyle === 'oid' || uidStyle === 'hex' || uidStyle === 'keyed' ? uidStyle : undefined;
}
