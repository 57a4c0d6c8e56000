import type {Clock} from '../cli/clock.ts';
import type {Log} from '../cli/log.ts';

/** How to reach the server; names, units and defaults as in the section `REDCAP` of the configuration. */
export interface HttpOptions {
  /** PEM file with the authority of the server's certificate; absent: Node's list, then the system's. */
  caFile?: string | undefined;
  verifyTls: boolean;
  /** Permits http to other hosts than this one. */
  allowPlainHttp: boolean;
  /** Honours HTTPS_PROXY. */
  useProxy: boolean;
  /** Limit for connecting, TLS included. */
  connectSeconds: number;
  /** Limit for silence within one attempt. */
  requestSeconds: number;
  /** Limit for one call with all its attempts. */
  totalSeconds: number;
  attempts: number;
  backoffSeconds: readonly number[];
  /** Requests of this process at once. */
  concurrency: number;
  /** Of all processes of the host together. */
  requestsPerMinute: number;
}

/** Sizes of one call. */
export interface Limits {
  /** Records named in one export. */
  exportRecords: number;
  /** Rows in one import. */
  importRows: number;
  /** Bytes of one import as sent. */
  importBytes: number;
}

/** Defaults of the configuration. */
export const defaultHttp: HttpOptions = {
  verifyTls: true,
  allowPlainHttp: false,
  useProxy: false,
  connectSeconds: 20,
  requestSeconds: 120,
  totalSeconds: 600,
  attempts: 5,
  backoffSeconds: [2, 4, 8, 16],
  concurrency: 1,
  requestsPerMinute: 120,
};

/** Defaults of the configuration. */
export const defaultLimits: Limits = {exportRecords: 500, importRows: 1000, importBytes: 4 * 1024 * 1024};

/** Everything a connection to one project needs. */
export interface ConnectOptions {
  /** The API address; ends in `/api/`. */
  url: string;
  token: string;
  /** How messages call the project. */
  project: string;
  http?: Partial<HttpOptions>;
  limits?: Partial<Limits>;
  /** Zone of REDCap's dates, an IANA name. */
  timeZone: string;
  /** Folder of the shared throttle, the pause marker and the cache of dictionaries. */
  stateDir: string;
  /** Folder of the locks. */
  pidDir: string;
  log: Log;
  clock: Clock;
  /** Ends waiting and reading when the tool is asked to stop; imports under way are finished. */
  signal?: AbortSignal | undefined;
}

/** Options with every default filled in. */
export interface Connection extends Omit<ConnectOptions, 'http' | 'limits'> {
  http: HttpOptions;
  limits: Limits;
}
