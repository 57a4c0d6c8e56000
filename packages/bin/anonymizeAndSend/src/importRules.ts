import type {ImportRule} from '@fiona/lib/deid/request';
import {lookup} from '@fiona/lib/dicom/dictionary';
import {type Vr, vrRules} from '@fiona/lib/dicom/vr';
import {compilePattern} from '@fiona/lib/pattern/pattern';
import {PatternError} from '@fiona/lib/pattern/patternError';
import type {ResearchProject} from '@fiona/lib/redcap/dataTransferProjects';

/** The import rules of a project, or what is wrong with one of them: then nothing may be sent for the project. */
export type CheckedRules =
  | {readonly kind: 'usable'; readonly rules: readonly ImportRule[]}
  | {readonly kind: 'refused'; readonly detail: string};

/** Elements that the transfer itself sets: a rule would put the original text in their place. */
const ownTags: ReadonlySet<number> = new Set([
  0x0008_0080, 0x0008_0090, 0x0010_0010, 0x0010_0020, 0x0012_0020, 0x0012_0021, 0x0012_0040, 0x0012_0050, 0x0012_0051,
  0x0012_0062, 0x0012_0063, 0x0012_0064, 0x0040_1002, 0x0040_2001,
]);

/**
 * Checks the import rules of a project. A rule whose tag cannot be read or must not be set would silently keep or lose text, so
 * that it refuses the whole project; the sentence names field and tag.
 */
export function checkImportRules({importRules}: Pick<ResearchProject, 'importRules'>): CheckedRules {
  const rules: ImportRule[] = [];
  for (const {field, tag, tagText, pattern} of importRules) {
    const problem =
      tag === undefined
        ? 'names no element'
        : rules.some(rule => rule.tag === tag)
          ? 'has another rule already'
          : tagProblem(tag);
    if (tag === undefined || problem !== undefined) {
      return {
        kind: 'refused',
        detail: `DataTransferProjects, ${field}: ${JSON.stringify(tagText)} ${problem}; correct it`,
      };
    }
    rules.push({tag, pattern});
  }
  return {kind: 'usable', rules};
}

/** Why no rule may name an element, as the end of a sentence. */
function tagProblem(tag: number): string | undefined {
  if (ownTags.has(tag)) return 'is an element that the transfer itself sets';
  if (tag >>> 16 === 0x0002) return 'is an element of the file header';
  const vr: Vr | undefined = lookup(tag)?.vr;
  if (vr === 'UI') return 'is a UID';
  return vr !== undefined && vrRules[vr].kind === 'text' ? undefined : 'is no text element';
}

/** Fields whose pattern cannot be used: in place of the element's text stands a notice then, which is safe but rarely meant. */
export function unusablePatterns({
  importRules,
}: Pick<ResearchProject, 'importRules'>): {field: string; message: string}[] {
  return importRules.flatMap(({field, pattern}) => {
    const message = patternProblem(pattern);
    return message === undefined ? [] : [{field: field.replace(/_tag$/, '_regexp'), message}];
  });
}

function patternProblem(pattern: string): string | undefined {
  if (pattern === '') return 'is blank, the element loses its text';
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return `${error.reason}, the element loses its text`;
  }
}
