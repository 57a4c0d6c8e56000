import {block, key, keyWithDefault, rows, section} from '../key.ts';
import {
  absolutePath,
  aeTitle,
  bytes,
  command,
  count,
  countFromOne,
  days,
  host,
  hosts,
  httpUrl,
  listOf,
  millis,
  minutes,
  port,
  seconds,
  singleChoice,
  texts,
  wholeNumber,
  yesOrNo,
  zoneName,
} from '../value.ts';
import {tls} from './tls.ts';

const redcapTools = 'RC';

/** `PIPELINE`: quiet times. */
export const pipelineSection = section({
  youngSeconds: keyWithDefault(seconds, 60, 'a series JSON younger than this is still arriving', 'PI CP'),
  quietSeconds: keyWithDefault(
    wholeNumber(60, 'seconds'),
    60,
    'a study must be quiet that long before it is sent',
    'CT AS CP',
  ),
});

/** `PROCESSED`: derived series that come back. */
export const processedSection = section({
  researchPacsCallers: keyWithDefault(hosts, [], 'callers whose series are never brought back', 'CP'),
  directProjects: keyWithDefault(texts, [], 'projects whose data are sent untouched to the research PACS', 'CP'),
  hooks: keyWithDefault(
    rows(
      block({
        projects: keyWithDefault(texts, [], 'research projects it runs for', 'CP'),
        when: key(singleChoice('direct', 'relabel'), 'after which kind of sending it runs', 'CP', 'required'),
        command: key(
          command,
          'program and arguments; `{dir}`, `{event}`, `{project}`, `{study}` are replaced',
          'CP',
          'required',
        ),
        timeoutSeconds: keyWithDefault(seconds, 600, 'limit of one run', 'CP'),
      }),
    ),
    [],
    'programs run after a series was sent, on a folder with copies of the files',
    'CP',
  ),
  callingAeTitle: keyWithDefault(aeTitle, 'STORESCU', 'calling title when we send to ourselves', 'CP S2'),
  calledAeTitle: keyWithDefault(aeTitle, 'ANY-SCP', 'called title when we send to ourselves', 'CP S2'),
});

/** `AUTOID`: automatic ids. */
export const autoidSection = section({
  daysBack: keyWithDefault(days, 14, 'window of a full pass', 'PA'),
});

/** `PROJECTS`: databases of the research projects. */
export const projectsSection = section({
  accessionNumberProjects: keyWithDefault(texts, [], 'projects that may get accession numbers', 'PP'),
});

function token(usedBy: string) {
  return section({
    tokenFile: key(absolutePath, 'file with the API token: one line, 32 hex digits (secret file)', usedBy, 'required'),
  });
}

/** `REDCAP`: the REDCap server. */
export const redcapSection = section({
  url: key(httpUrl, 'address of the API: https, ends in `/api/`', redcapTools, 'required'),
  allowPlainHttp: keyWithDefault(yesOrNo, false, 'http also to other hosts than the own', redcapTools),
  useProxy: keyWithDefault(yesOrNo, false, 'honour `HTTPS_PROXY`', redcapTools),
  caFile: key(absolutePath, 'private CA (PEM)', redcapTools, 'those of the system'),
  verifyTls: keyWithDefault(yesOrNo, true, '`false` warns on every run', redcapTools),
  projects: section({
    Incoming: token('PI CT AS CP PP RS WN'),
    Routing: token('PI'),
    CouplingList: token('PI RS'),
    DataTransferProjects: token('PI CT AS CP PA PP RS RJ PT'),
    AutoID: token('PA'),
    WhatIsInIDS7: token('WI WN'),
  }),
  timeZone: key(zoneName, "zone of REDCap's dates", redcapTools, '`LOCALTIMEZONE`, else zone of the host'),
  connectSeconds: keyWithDefault(wholeNumber(1, 'seconds'), 20, 'limit of the connection set-up', redcapTools),
  requestSeconds: keyWithDefault(wholeNumber(1, 'seconds'), 120, 'limit of silence within an attempt', redcapTools),
  totalSeconds: keyWithDefault(wholeNumber(1, 'seconds'), 600, 'limit of a call with its retries', redcapTools),
  attempts: keyWithDefault(countFromOne, 5, 'attempts of a call', redcapTools),
  backoffSeconds: keyWithDefault(listOf(seconds, 'seconds'), [2, 4, 8, 16], 'pauses between attempts', redcapTools),
  concurrency: keyWithDefault(countFromOne, 1, 'parallel requests of a process', redcapTools),
  requestsPerMinute: keyWithDefault(countFromOne, 120, 'requests of all processes of the host together', redcapTools),
  exportRecords: keyWithDefault(countFromOne, 500, 'records asked for in one call', redcapTools),
  importRows: keyWithDefault(countFromOne, 1000, 'most rows of one import', redcapTools),
  importBytes: keyWithDefault(bytes, 4_194_304, 'most bytes of one import', redcapTools),
  overlapSeconds: keyWithDefault(seconds, 120, 'overlap of incremental reads', 'PI CT PA PP RS'),
  reconcileMinutes: keyWithDefault(minutes, 60, 'minutes between two full passes', 'PI CT PA PP RS'),
  patternMillis: keyWithDefault(millis, 100, 'limit of the evaluation of one pattern', 'PI AS PA'),
});

const senders = 'AS CP RJ PT';
const queriers = 'GP PQ WN CZ';

/** `RESEARCH_PACS`: query/retrieve and storage side of the research PACS. */
export const researchPacsSection = section({
  host: key(host, 'query/retrieve SCP', queriers, 'required'),
  port: key(port, 'port of the query/retrieve SCP', queriers, 'required'),
  aeTitle: keyWithDefault(aeTitle, 'DICOM_QR_SCP', 'called title of queries', queriers),
  callingAeTitle: keyWithDefault(aeTitle, 'FIONA', 'calling title of queries', queriers),
  tls: keyWithDefault(tls, false, 'TLS of queries', queriers),
  connectTimeoutSeconds: keyWithDefault(
    wholeNumber(1, 'seconds'),
    15,
    'limit of the connection set-up, also of storage',
    `${senders} ${queriers}`,
  ),
  responseTimeoutSeconds: keyWithDefault(
    wholeNumber(1, 'seconds'),
    60,
    'limit of silence between two PDUs, also of storage',
    `${senders} ${queriers}`,
  ),
  queryTimeoutSeconds: keyWithDefault(wholeNumber(1, 'seconds'), 600, 'limit of one C-FIND', queriers),
  maxMatches: keyWithDefault(count, 0, 'known cap on matches; 0 = learn it', 'GP PQ'),
  pauseMs: keyWithDefault(millis, 0, 'pause between queries', 'GP PQ WN'),
  parallel: keyWithDefault(countFromOne, 2, 'associations at once', 'GP PQ WN'),
  storage: section({
    host: key(host, 'storage SCP', senders, '`RESEARCH_PACS.host`'),
    port: key(port, 'port of the storage SCP', senders, 'required'),
    aeTitle: keyWithDefault(aeTitle, 'DICOM_STORAGE', 'called title of storage', senders),
    callingAeTitle: keyWithDefault(aeTitle, 'FIONA', 'calling title of storage', senders),
    tls: keyWithDefault(tls, false, 'TLS of storage', senders),
    retries: keyWithDefault(count, 3, 'reconnects for the unsent rest', senders),
    associations: keyWithDefault(countFromOne, 2, 'associations at once for one transfer', 'AS'),
    proof: keyWithDefault(
      singleChoice('status', 'query', 'commitment'),
      'status',
      'what shows that the instances of a transfer are kept: the status of each C-STORE alone, also a C-FIND at `RESEARCH_PACS.host`, or also a storage commitment',
      'AS',
    ),
    proofSeconds: keyWithDefault(wholeNumber(1, 'seconds'), 60, 'how long that may take', 'AS'),
    commitmentPort: key(
      port,
      'our port for the reports of storage commitments; the PACS must know `callingAeTitle` with it',
      'AS',
      'reports only on the association of the request',
    ),
  }),
});
