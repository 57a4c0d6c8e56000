import {basename, join} from 'node:path';
import {silentLog} from '@fiona/lib/cli/log';
import {mapUid} from '@fiona/lib/deid/uid';
import {storeInstances} from '@fiona/lib/dimse/storeScu';
import type {Transfer} from '@fiona/lib/redcap/incoming';
import type {SeriesJson} from '@fiona/lib/site/seriesJson';
import {plantedIdentifiers} from '@fiona/sandbox/samples/plantedIdentifiers';
import {type SampleStudy, sampleStudies} from '@fiona/sandbox/samples/studies';
import {writeStudy} from '@fiona/sandbox/samples/writeSamples';
import {enterAssignments} from './assignments.ts';
import {compare, countIdentifiers, indexedSeries, pacsStudies, recordedTransfers, storedFiles} from './findings.ts';
import type {Gateway} from './gateway.ts';
import {type PageStudy, storyPage} from './page.ts';
import {cut, table} from './table.ts';
import {thumbnail} from './thumbnail.ts';
import {allIndexed, letTimePass} from './timePasses.ts';

type Say = (line: string) => void;

/** Plays the day through the real tools and tells it; gives the page, and how many identifiers were found in what was sent. */
export async function tellStory(gateway: Gateway, say: Say): Promise<{page: string; found: number}> {
  const {config, dir} = gateway;
  const studies = sampleStudies();
  say('Fiona: a day of a research-imaging gateway, everything synthetic, everything on this machine\n');

  say('1. REDCap, research PACS, receiver and index daemon start on loopback');
  await gateway.start();
  await enterAssignments(config, silentLog);

  say('\n2. Modalities send their studies (C-STORE)');
  say(await sendAll(gateway, studies));

  say('\n3. The index daemon files and classifies what arrived');
  await allIndexed(config.DATADIR, studies, 30_000);
  const series = await indexedSeries(config);
  say(seriesTable(series));

  say('\n4. A minute of quiet, then the pipeline runs: populateIncoming, createTransferRequests, anonymizeAndSend');
  await letTimePass(config.DATADIR, 180);
  for (const tool of ['bin/populateIncoming', 'bin/createTransferRequests', 'bin/anonymizeAndSend']) {
    const {output} = await gateway.tool(tool);
    say(
      `   ${basename(tool)}: ${output
        .trimEnd()
        .split('\n')
        .at(-1)
        ?.replace(/^.*INFO summary: /, '')}`,
    );
  }

  say('\n5. What REDCap says of it');
  const transfers = await recordedTransfers(config);
  say(transferTable(studies, transfers));

  say('\n6. What the research PACS holds (C-FIND)');
  const pacs = await pacsStudies(config);
  say(
    table(
      ['project', 'participant', 'date', 'description', 'series', 'instances'],
      pacs.map(each => [
        each.institution,
        each.patientId,
        each.studyDate,
        cut(each.description, 24),
        each.series,
        each.instances,
      ]),
    ),
  );

  say('\n7. One instance before and after');
  const {received, sent} = await storedFiles(config, dir);
  const [before, after] = examplePair(received, sent, config.ANONYMIZER.uidRoot);
  const comparison = compare(before, after);
  say(
    table(
      ['element', 'received', 'sent'],
      comparison.map(row => [row.keyword, cut(row.before, 44), cut(row.after, 44)]),
    ),
  );

  const planted = plantedIdentifiers(studies);
  const foundReceived = await countIdentifiers(received, planted);
  const foundSent = await countIdentifiers(sent, planted);
  say(
    `\n8. Of ${planted.length} planted identifiers, occurrences in the bytes received: ${foundReceived}; in the bytes the research PACS stored: ${foundSent}`,
  );

  const page = storyPage({
    studies: await Promise.all(studies.map(study => pageStudy(study, series, transfers, received, sent))),
    pacs,
    comparison,
    planted: planted.length,
    foundReceived,
    foundSent,
    received: received.length,
    sent: sent.length,
  });
  return {page, found: foundSent};
}

async function sendAll({config, dir}: Gateway, studies: readonly SampleStudy[]): Promise<string> {
  const rows: string[][] = [];
  for (const study of studies) {
    const paths = await writeStudy(join(dir, 'modalities'), study);
    const {stored} = await storeInstances({
      peer: {
        host: '127.0.0.1',
        port: config.DICOMPORT ?? 0,
        aeTitle: study.calledAeTitle,
        callingAeTitle: study.callingAeTitle,
      },
      instances: paths.map(path => ({path})),
      log: silentLog,
    });
    rows.push([
      study.callingAeTitle,
      study.calledAeTitle,
      study.title,
      study.patient.name,
      `${stored} of ${paths.length}`,
    ]);
  }
  return table(['from', 'to', 'study', 'patient', 'stored'], rows);
}

function seriesTable(series: readonly SeriesJson[]): string {
  const rows = series.map(each => [
    (each.StudyInstanceUID ?? '').slice(-4),
    (each.Modality ?? []).join(','),
    each.SeriesDescription ?? '',
    each.NumFiles ?? '',
    (each.ClassifyType ?? []).join(', '),
  ]);
  return table(['study', 'modality', 'series', 'files', 'classified as'], rows);
}

function transferTable(studies: readonly SampleStudy[], transfers: readonly Transfer[]): string {
  const rows = studies.map(({studyInstanceUid, title}) => {
    const transfer = transfers.find(({study}) => study === studyInstanceUid);
    if (transfer === undefined) return [cut(title, 36), '–', '–', 'registered, belongs to no project', ''];
    const state = transfer.complete === '2' ? 'transferred' : 'failed';
    return [
      cut(title, 36),
      transfer.project,
      transfer.name,
      `${state} ${transfer.date ?? ''}`,
      `…${(transfer.mappedUid ?? '').slice(-12)}`,
    ];
  });
  return table(['study', 'project', 'participant', 'state', 'new StudyInstanceUID'], rows);
}

/** The first MR instance that was sent, and what it was. */
function examplePair(
  received: readonly string[],
  sent: readonly string[],
  root: string,
): [before: string, after: string] {
  for (const path of received.filter(each => basename(each).startsWith('MR.'))) {
    const found = sentVersion(path, sent, 'DEMO-BRAIN', root);
    if (found !== undefined) return [path, found];
  }
  throw new Error('no MR instance was sent');
}

/** The file in the PACS that an archived instance became, by the mapping of its SOPInstanceUID. */
function sentVersion(path: string, sent: readonly string[], project: string, root: string): string | undefined {
  const sopInstanceUid = basename(path).slice(basename(path).indexOf('.') + 1);
  const mapped = mapUid(sopInstanceUid, {kind: 'other', root, style: 'oid', project});
  return sent.find(each => basename(each) === `${mapped}.dcm`);
}

async function pageStudy(
  study: SampleStudy,
  series: readonly SeriesJson[],
  transfers: readonly Transfer[],
  received: readonly string[],
  sent: readonly string[],
): Promise<PageStudy> {
  const transfer = transfers.find(each => each.study === study.studyInstanceUid);
  const own = series.filter(each => each.StudyInstanceUID === study.studyInstanceUid);
  return {
    title: study.title,
    calledAeTitle: study.calledAeTitle,
    accession: study.accessionNumber,
    patient: study.patient.name,
    project: transfer?.project,
    subject: transfer?.name,
    by: study.calledAeTitle === 'FIONA' ? 'coupling list' : 'routing rule',
    series: await Promise.all(
      own.map(async each => {
        const archived = received.filter(path => basename(path).includes(`.${each.SeriesInstanceUID}.`));
        const example = archived[Math.floor(archived.length / 2)] ?? '';
        const after = transfer && sentVersion(example, sent, transfer.project, '1.3.6.1.4.1.45037.');
        const burned = (each.ClassifyType ?? []).includes('CHECKBURNEDINFO');
        return {
          description: each.SeriesDescription ?? '',
          modality: (each.Modality ?? []).join(', '),
          files: each.NumFiles ?? '',
          types: each.ClassifyType ?? [],
          before: await thumbnail(example),
          after: after && (await thumbnail(after)),
          why:
            transfer === undefined
              ? 'not sent: no project'
              : after !== undefined
                ? 'sent, no picture'
                : burned
                  ? 'not sent: may show a burned-in name'
                  : 'not sent',
        };
      }),
    ),
  };
}
