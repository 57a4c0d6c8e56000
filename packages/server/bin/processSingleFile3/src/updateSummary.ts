import {classifyImage} from '@fiona/lib/classify/evaluate';
import type {RuleSet} from '@fiona/lib/classify/ruleTree';
import {parseNumber} from '@fiona/lib/classify/value';
import type {DataSet} from '@fiona/lib/dicom/dataSet';
import type {DiffusionRecord} from '@fiona/lib/site/seriesJson';
import type {ImageFacts, Summary} from './seriesSummary.ts';

/** One image that joins its series. */
export interface JoiningImage {
  facts: ImageFacts;
  dataSet: DataSet;
  /** Entries of the series folder, this image included. */
  numFiles: number;
}

/**
 * Brings the summary of a series up to date with one more image: the first image decides, later ones fill what is missing.
 * Exceptions: the lowest `SliceLocation`, the latest `MeasID`, all `Modality` values, one diffusion record per instance.
 * @param stored the summary so far, undefined for a new series; not changed
 * @param rules undefined: there is no rule file, the types stay as they are
 * @returns the new summary and sentences about rules that could not be evaluated
 */
export function updateSummary(
  stored: Summary | undefined,
  {facts, dataSet, numFiles}: JoiningImage,
  rules: RuleSet | undefined,
): {summary: Summary; problems: string[]} {
  const summary: Summary = stored ? fillIn(stored, facts.fresh) : {...facts.fresh};
  if (facts.diffusion) {
    summary.siemensDiffusionInformation = withRecord(summary.siemensDiffusionInformation, facts.diffusion.record);
  }
  summary.NumFiles = String(numFiles);
  summary.ClassifyType = textsOf(summary.ClassifyType);
  const problems = rules ? classify(summary, dataSet, rules) : [];
  return {summary, problems};
}

function fillIn(stored: Summary, fresh: Summary): Summary {
  const summary = {...stored};
  for (const [key, value] of Object.entries(fresh)) {
    const known = stored[key];
    if (known === undefined || ((known === 'None' || known === '') && value !== '')) summary[key] = value;
  }
  // the place of "missing" may be taken by a text that is there
  if (stored.StudyDescription === 'missing' && fresh.StudyDescription)
    summary.StudyDescription = fresh.StudyDescription;
  summary.StudyInstanceUID = fresh.StudyInstanceUID;
  summary.Modality = [...new Set([...textsOf(stored.Modality), ...textsOf(fresh.Modality)])];
  if (fresh.MeasID !== undefined) summary.MeasID = fresh.MeasID;
  if (isLower(fresh.SliceLocation, stored.SliceLocation)) summary.SliceLocation = fresh.SliceLocation;
  return summary;
}

function isLower(value: unknown, than: unknown): boolean {
  if (typeof value !== 'string' || typeof than !== 'string') return false;
  const [left, right] = [parseNumber(value), parseNumber(than)];
  return left !== undefined && right !== undefined && left < right;
}

function withRecord(stored: unknown, record: DiffusionRecord | undefined): DiffusionRecord[] {
  const records = Array.isArray(stored) ? (stored as DiffusionRecord[]) : [];
  if (!record) return [...records];
  const index = records.findIndex(({SOPInstanceUID}) => SOPInstanceUID === record.SOPInstanceUID);
  return index < 0 ? [...records, record] : records.with(index, record);
}

function classify(summary: Summary, dataSet: DataSet, rules: RuleSet): string[] {
  const {types, failed, problems} = classifyImage(rules, {
    series: summary,
    dataSet,
    types: textsOf(summary.ClassifyType),
    failed: textsOf(summary.ClassifySeriesLevelFailed),
  });
  summary.ClassifyType = types;
  if (failed.length > 0) summary.ClassifySeriesLevelFailed = failed;
  summary.ClassifyRulesHash = rules.hash;
  return problems;
}

/** The texts of a list; a text in its place counts as a list of one. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

/** A summary as it is written: keys sorted by code point, indent 2, no newline at the end. */
export function printSummary(summary: Summary): string {
  return JSON.stringify(sorted(summary), null, 2);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
