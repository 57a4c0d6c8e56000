/**
 * What a part of the house may do with the log. Messages are one line and never hold a patient name, id, birth date,
 * accession number or secret; identify a study by its StudyInstanceUID, anything else by `shortHash`.
 */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Drops everything: for library calls without a listener. */
export const silentLog: Log = {debug() {}, info() {}, warn() {}, error() {}};
