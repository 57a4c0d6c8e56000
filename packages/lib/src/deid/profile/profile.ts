import {lookup} from '../../dicom/dictionary.ts';
import {isPrivate, type Tag} from '../../dicom/tag.ts';
import type {Vr} from '../../dicom/vr.ts';
import type {DeidRequest} from '../request.ts';
import type {IdentifierSource} from '../text/knownIdentifiers.ts';
import {gatewayRows} from './gatewayRows.ts';
import {checkOverrides} from './overrides.ts';
import {patternRows} from './patternRows.ts';
import {type Action, optionColumn, type PatternRow, type ProfileRow} from './profileRow.ts';
import {profileTable} from './table.ts';
import {typeOneCodeTags, typeOneRows} from './typeOneRows.ts';
import {actionOfVr} from './vrRules.ts';

/** Where a rule comes from. */
export type RuleSource = 'E.1-1' | 'gateway' | 'pattern' | 'VR' | 'unknown' | 'override';

/** What is to be done with an attribute. */
export interface Rule {
  readonly tag: Tag;
  readonly keyword: string;
  /** VR of the dictionary; undefined for tags that it does not know. */
  readonly vr: Vr | undefined;
  /** The other possible VR (`US or SS`, `OB or OW`). */
  readonly otherVr: Vr | undefined;
  readonly action: Action;
  readonly source: RuleSource;
  readonly why: string;
  /** Set when the value itself identifies somebody or something and must not appear elsewhere. */
  readonly identifier: IdentifierSource | undefined;
}

/** The profile as it is in force for one request. */
export class Profile {
  readonly #rules = new Map<Tag, Rule>();
  readonly #masks: readonly Mask[];

  constructor(request: Pick<DeidRequest, 'retain' | 'profileOverrides'>) {
    checkOverrides(request.profileOverrides);
    this.#masks = patternRows.filter(row => !row[0].startsWith('gggg')).map(maskOf);
    for (const row of profileTable) this.#rules.set(row[0], ruleOfRow(row, request.retain.deviceIdentity));
    for (const [tag, keyword, vr, action, why] of [...gatewayRows, ...typeOneRows]) {
      this.#rules.set(tag, {
        tag,
        keyword,
        vr,
        otherVr: lookup(tag)?.otherVr,
        action,
        source: 'gateway',
        why,
        identifier: undefined,
      });
    }
    // whoever has the profile shown is to see them
    for (const tag of typeOneCodeTags) this.ruleOf(tag);
    for (const {tag, action, reason} of request.profileOverrides) {
      this.#rules.set(tag, {...this.ruleOf(tag), action, source: 'override', why: reason});
    }
  }

  /** The rule for a public attribute. Private elements have rules of their own, see `private.ts`. */
  ruleOf(tag: Tag): Rule {
    const known = this.#rules.get(tag);
    if (known !== undefined) return known;
    const rule = this.#maskRule(tag) ?? ruleOfDictionary(tag);
    this.#rules.set(tag, rule);
    return rule;
  }

  /** All rules for single tags, in the order of tags: for people who want to see the profile. */
  rules(): readonly Rule[] {
    return [...this.#rules.values()].toSorted((a, b) => a.tag - b.tag);
  }

  #maskRule(tag: Tag): Rule | undefined {
    const found = this.#masks.find(mask => (tag & mask.mask) >>> 0 === mask.value);
    if (found === undefined) return undefined;
    const [, keyword, , , action, why] = found.row;
    return {
      tag,
      keyword,
      vr: lookup(tag)?.vr,
      otherVr: undefined,
      action,
      source: 'pattern',
      why,
      identifier: undefined,
    };
  }
}

interface Mask {
  readonly mask: number;
  readonly value: number;
  readonly row: PatternRow;
}

function maskOf(row: PatternRow): Mask {
  const digits = row[0].replace(',', '');
  return {
    mask: Number.parseInt(digits.replace(/[^x]/g, 'F').replaceAll('x', '0'), 16),
    value: Number.parseInt(digits.replaceAll('x', '0'), 16),
    row,
  };
}

function ruleOfRow(row: ProfileRow, retainDevices: boolean): Rule {
  const [tag, keyword, vr, , , , why] = row;
  return {
    tag,
    keyword,
    vr,
    otherVr: lookup(tag)?.otherVr,
    action: actionOfRow(row, retainDevices),
    source: 'E.1-1',
    why,
    identifier: identifierOfRow(row),
  };
}

/** Option 113109 turns rows of devices: `K` keeps the value (a UID is mapped all the same), `C` empties it. */
function actionOfRow([, , vr, , options, action]: ProfileRow, retainDevices: boolean): Action {
  const device = options[optionColumn.deviceIdentity];
  if (!retainDevices || device === '.' || action === 'date' || action === 'uid' || action === 'studyUid') return action;
  if (device === 'C') return 'empty';
  return vr === 'SQ' ? 'sequence' : 'keep';
}

/** Groups whose identifiers name the patient or an order; those of places and devices may well be ordinary words. */
const idKeyword = /(?:ID|IDs|Number|Identifier|MedicalRecordLocator)$/;

function identifierOfRow([tag, keyword, vr, basic, options]: ProfileRow): IdentifierSource | undefined {
  if (tag === 0x0010_0030) return 'birthDate';
  if (vr === 'PN') return 'name';
  if (basic === 'U' || options[optionColumn.descriptors] === 'C') return undefined;
  if (vr !== 'LO' && vr !== 'SH' && vr !== 'AE') return undefined;
  if (options[optionColumn.patientCharacteristics] !== '.') return undefined;
  const group = tag >>> 16;
  const isPatientOrOrder =
    group === 0x0010 || group === 0x0038 || group === 0x0040 || tag === 0x0008_0050 || tag === 0x0020_0010;
  return isPatientOrOrder && idKeyword.test(keyword) ? 'id' : 'other';
}

/** What Table E.1-1 does not name is decided by its VR; what the dictionary does not know is not sent. */
function ruleOfDictionary(tag: Tag): Rule {
  const entry = isPrivate(tag) ? undefined : lookup(tag);
  if (entry === undefined) {
    return {
      tag,
      keyword: '',
      vr: undefined,
      otherVr: undefined,
      action: 'remove',
      source: 'unknown',
      why: 'not in the dictionary',
      identifier: undefined,
    };
  }
  return {
    tag,
    keyword: entry.keyword,
    vr: entry.vr,
    otherVr: entry.otherVr,
    action: typeOneCodeTags.has(tag) ? 'codeString' : actionOfVr[entry.vr],
    source: 'VR',
    why: typeOneCodeTags.has(tag) ? 'type 1 or 1C: a dummy for what is no code' : `not in Table E.1-1, ${entry.vr}`,
    identifier: entry.vr === 'PN' ? 'name' : undefined,
  };
}
