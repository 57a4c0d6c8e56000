import {systemClock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import type {Config} from '@fiona/lib/config/load';
import {connectProject} from '@fiona/lib/redcap/connect';
import type {WriteRow} from '@fiona/lib/redcap/row';

/** What the people of the hospital have entered in REDCap before the day begins. */
export const couplings = [
  {accession: 'ACC2401311', project: 'DEMO-PATH', subject: 'PATH_0007', event: ''},
  {accession: 'ACC2402082', project: 'DEMO-BRAIN', subject: 'BRAIN_0001', event: 'event_1'},
  {accession: 'ACC2402123', project: 'DEMO-BRAIN', subject: 'BRAIN_0002', event: 'event_1'},
] as const;

/** Whatever is sent to the AE title KNEE under such an id belongs to DEMO-KNEE. */
export const kneeRule = {called: 'KNEE', idPattern: 'KNEE_\\d{4}$', project: 'DEMO-KNEE'} as const;

/** A project that wants no secondary captures: what may show a burned-in name does not even leave. */
export const withoutCaptures = 'DEMO-PATH';

/** Enters coupling list, routing rule and project feature through REDCap's API, as the web pages do. */
export async function enterAssignments(config: Config, log: Log): Promise<void> {
  const write = async (
    project: 'CouplingList' | 'Routing' | 'DataTransferProjects',
    rows: WriteRow[],
  ): Promise<void> => {
    const redcap = connectProject(config, project, {log, clock: systemClock});
    const {rejected} = await redcap.write(rows);
    redcap.close();
    if (rejected.length > 0) throw new Error(`REDCap ${project} refused ${rejected.length} records`);
  };
  await write(
    'CouplingList',
    couplings.map(({accession, project, subject, event}, index) => ({
      record: String(index + 1),
      values: {cl_accessionnumber: accession, cl_projectname: project, cl_subjectid: subject, cl_eventname: event},
    })),
  );
  const {called, idPattern, project} = kneeRule;
  await write('Routing', [
    {
      record: '1',
      values: {
        routing_active: '1',
        routing_dest_project: project,
        routing_incoming_aetitle: called,
        routing_allowed_patientid: idPattern,
      },
    },
  ]);
  await write('DataTransferProjects', [{record: withoutCaptures, values: {project_features___2: '1'}}]);
}
