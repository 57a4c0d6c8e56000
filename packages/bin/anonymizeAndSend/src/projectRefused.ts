import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';

/**
 * The configuration does not allow any transfer to a project: its requests stay where they are until the configuration is
 * mended, since no operator of REDCap can do anything about it.
 */
export class ProjectRefused extends FionaError {
  readonly exitCode = exitCode.config;
}
