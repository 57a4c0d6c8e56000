import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';
import {formatTag, type Tag} from './tag.ts';

/**
 * What is wrong with the bytes:
 * - `not-dicom`: neither a Part 10 file nor a bare data set
 * - `truncated`: ends in the middle of something
 * - `bad-length`: a length that cannot be (beyond its parent, undefined where not allowed, odd in a binary VR)
 * - `bad-structure`: item, delimiter or element header where none may stand
 * - `too-deep`, `too-large`, `too-many-elements`: beyond the limits given by the caller
 * - `bad-deflate`: the deflated data set does not inflate
 * - `bad-value`: a value does not fit its VR or cannot be encoded
 * - `unreadable`: the file system failed; `cause` tells
 * - `unsupported`: sound as far as we can tell, but not in our power to convert
 */
export type DicomReason =
  | 'not-dicom'
  | 'truncated'
  | 'bad-length'
  | 'bad-structure'
  | 'too-deep'
  | 'too-large'
  | 'too-many-elements'
  | 'bad-deflate'
  | 'bad-value'
  | 'unreadable'
  | 'unsupported';

/** Bad DICOM bytes: what, at which element, at which offset (bytes from the start of the file or of the inflated data set). */
export class DicomError extends FionaError {
  readonly exitCode = exitCode.badData;
  readonly reason: DicomReason;
  readonly tag: Tag | undefined;
  readonly offset: number | undefined;

  constructor(
    reason: DicomReason,
    detail: string,
    where: {tag?: Tag | undefined; offset?: number | undefined; cause?: unknown} = {},
  ) {
    const at = [
      where.tag === undefined ? '' : ` in ${formatTag(where.tag)}`,
      where.offset === undefined ? '' : ` at byte ${where.offset}`,
    ].join('');
    super(`${detail}${at} [${reason}]`, where.cause === undefined ? undefined : {cause: where.cause});
    this.reason = reason;
    this.tag = where.tag;
    this.offset = where.offset;
  }
}
