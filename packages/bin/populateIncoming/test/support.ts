import {afterAll, afterEach, beforeAll, beforeEach} from 'vitest';
import {
  makePipelineSite,
  type PipelineRedcap,
  type PipelineSite,
  startPipelineRedcap,
} from '../../../../test/support/pipelineSite.ts';

export const study = '1.2.826.0.1.3680043.10.999.1';
export const otherStudy = '1.2.826.0.1.3680043.10.999.2';
/** SeriesInstanceUID of the n-th series of the study. */
export const seriesOf = (of: string, n: number): string => `${of}.${n}`;

export interface Gateway {
  redcap: PipelineRedcap;
  site: PipelineSite;
}

/** A gateway for each test of a file: its own folders, the same REDCap, emptied before each test. */
export function useGateway(): Gateway {
  const gateway = {} as Gateway;
  beforeAll(async () => {
    gateway.redcap = await startPipelineRedcap();
  });
  beforeEach(async () => {
    await gateway.redcap.reset();
    gateway.site = makePipelineSite(gateway.redcap);
  });
  afterEach(() => gateway.site.remove());
  afterAll(() => gateway.redcap.stop());
  return gateway;
}

/** Rows of one instrument of Incoming, `''` = base rows. */
export async function incoming({redcap}: Gateway, instrument: '' | 'series' | 'transfers') {
  const rows = await redcap.rows('Incoming');
  return rows.filter(row => row.redcap_repeat_instrument === instrument);
}

/** Transfers as `instance project name event`. */
export async function transfers(gateway: Gateway): Promise<string[]> {
  const rows = await incoming(gateway, 'transfers');
  return rows.map(row =>
    `${row.redcap_repeat_instance} ${row.transfer_project_name} ${row.transfer_name} ${row.transfer_event_name}`.trim(),
  );
}

/** Series as `instance last-component-of-uid`. */
export async function series(gateway: Gateway): Promise<string[]> {
  const rows = await incoming(gateway, 'series');
  return rows.map(row => `${row.redcap_repeat_instance} ${String(row.series_instance_uid).split('.').at(-1)}`);
}

/** Incoming without the times of the run. */
export async function dump({redcap}: Gateway): Promise<string> {
  const rows = await redcap.rows('Incoming');
  const stable = rows.map(row => ({
    ...row,
    study_arrival_date: row.study_arrival_date === '' ? '' : 'set',
    transfer_requested_date: row.transfer_requested_date === '' ? '' : 'set',
  }));
  return JSON.stringify(stable, null, 1);
}

export function imports({redcap}: Gateway): number {
  return redcap.proxy.calls.filter(({kind}) => kind === 'import').length;
}

export async function addCoupling(
  {redcap}: Gateway,
  id: number,
  entry: {accession?: string; studyUid?: string; project: string; subject: string; event?: string},
): Promise<void> {
  await redcap.store('CouplingList', [
    {
      record_id: String(id),
      cl_accessionnumber: entry.accession ?? '',
      cl_studyinstanceuid: entry.studyUid ?? '',
      cl_projectname: entry.project,
      cl_subjectid: entry.subject,
      cl_eventname: entry.event ?? '',
      cl_date: '2024-01-31 10:00',
    },
  ]);
}

export async function addRule(
  {redcap}: Gateway,
  id: number,
  rule: {
    project: string;
    called?: string;
    calling?: string;
    id?: string;
    name?: string;
    event?: string;
    active?: string;
  },
): Promise<void> {
  await redcap.store('Routing', [
    {
      record_id: String(id),
      routing_active: rule.active ?? '1',
      routing_dest_project: rule.project,
      routing_incoming_aetitle: rule.called ?? '',
      routing_sending_aetitle: rule.calling ?? '',
      routing_allowed_patientid: rule.id ?? '',
      routing_allowed_patientname: rule.name ?? '',
      routing_event_name: rule.event ?? '',
    },
  ]);
}
