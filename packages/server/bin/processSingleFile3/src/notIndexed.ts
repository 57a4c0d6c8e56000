import {exitCode} from '@fiona/lib/cli/exitCode';
import {FionaError} from '@fiona/lib/cli/fionaError';

/** Why an announced file is not indexed. The file itself stays where it is. */
export class NotIndexed extends FionaError {
  readonly exitCode = exitCode.badData;
  /** Short code: `missing`, `outside`, `not-a-file`, `not-dicom`, `no-study-uid`… `study-deleted` is no failure. */
  readonly reason: string;

  constructor(reason: string, detail: string) {
    super(detail);
    this.reason = reason;
  }
}
