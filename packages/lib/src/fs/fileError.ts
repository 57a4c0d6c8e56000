import {exitCode} from '../cli/exitCode.ts';
import {FionaError} from '../cli/fionaError.ts';

/** A file or folder that could not be written, read, moved or removed. */
export class FileError extends FionaError {
  readonly exitCode = exitCode.cannotWrite;
  /** What was tried, as it reads after "cannot": `write`, `read`, `remove`. */
  readonly action: string;
  readonly path: string;
  /** The system's error code (`ENOSPC`, `EACCES`…), when there is one. */
  readonly code: string | undefined;

  constructor(action: string, path: string, cause: unknown) {
    super(`cannot ${action} ${path}: ${whyOf(cause)}`, {cause});
    this.action = action;
    this.path = path;
    this.code = errorCode(cause);
  }
}

const sentences: Record<string, string> = {
  EACCES: 'no permission for this account, check owner and mode',
  EPERM: 'the system does not permit it, check owner and mode',
  ENOSPC: 'the disk is full, make room',
  EDQUOT: 'the disk quota is used up, make room',
  EROFS: 'the file system is mounted read-only',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it exists already',
  EIO: 'input/output error of the disk',
  EMFILE: 'too many open files, raise the limit (ulimit -n)',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'it is a symbolic link',
  EXDEV: 'source and target lie on different disks',
};

/** The system's error code (`ENOENT`…) of anything thrown, or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The end of a sentence that tells an operator why a file operation failed and, where it is known, what to do. */
export function whyOf(error: unknown): string {
  const code = errorCode(error);
  if (code !== undefined && code in sentences) return `${sentences[code]} (${code})`;
  return error instanceof Error ? error.message : String(error);
}
