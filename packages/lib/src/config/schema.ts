import * as z from 'zod/mini';
import {anonymizerSection} from './sections/anonymizer.ts';
import {flatKeys, pathsSection, sites} from './sections/flat.ts';
import {containersSection, exportsSection, workflowsSection, wsiSection} from './sections/jobs.ts';
import {
  autoidSection,
  pipelineSection,
  processedSection,
  projectsSection,
  redcapSection,
  researchPacsSection,
} from './sections/pipeline.ts';
import {
  arrivalSection,
  assignSection,
  heartbeatSection,
  indexSection,
  outboxSection,
  receiverSection,
} from './sections/receiving.ts';
import {cleanupSection, ids7Section, mailSection, userEventsSection} from './sections/upkeep.ts';

/** The whole configuration file: every key, its type, default, meaning and users. docs/configuration.md follows it. */
export const configSchema = z.object(
  {
    ...flatKeys,
    SITES: sites,
    PATHS: pathsSection,
    RECEIVER: receiverSection,
    HEARTBEAT: heartbeatSection,
    INDEX: indexSection,
    ARRIVAL: arrivalSection,
    ASSIGN: assignSection,
    OUTBOX: outboxSection,
    PIPELINE: pipelineSection,
    PROCESSED: processedSection,
    AUTOID: autoidSection,
    PROJECTS: projectsSection,
    REDCAP: redcapSection,
    RESEARCH_PACS: researchPacsSection,
    ANONYMIZER: anonymizerSection,
    CONTAINERS: containersSection,
    CLEANUP: cleanupSection,
    EXPORTS: exportsSection,
    WORKFLOWS: workflowsSection,
    WSI: wsiSection,
    IDS7: ids7Section,
    USER_EVENTS: userEventsSection,
    MAIL: mailSection,
  },
  {error: 'an object'},
);

/** What the schema gives: checked values, defaults filled in, derived defaults not yet (see `load.ts`). */
export type ParsedConfig = z.output<typeof configSchema>;
