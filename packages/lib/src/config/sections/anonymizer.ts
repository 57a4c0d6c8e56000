import {block, key, keyWithDefault, named, rows, section} from '../key.ts';
import {
  absolutePath,
  bytes,
  command,
  count,
  countFromOne,
  hours,
  minutes,
  shiftDays,
  singleChoice,
  text,
  uidPrefix,
  value,
  yesOrNo,
} from '../value.ts';

const ageCap = value(
  'a whole number of years, or null',
  found =>
    found === null || (typeof found === 'number' && Number.isInteger(found) && found >= 0 && found < 1000)
      ? found
      : undefined,
  true,
);

const kinds = value('a list of "stl", "obj", "raw-data" or SOP class UIDs', found =>
  Array.isArray(found) &&
  found.every(kind => typeof kind === 'string' && /^(?:stl|obj|raw-data|[0-2](?:\.\d+)+)$/.test(kind))
    ? (found as string[])
    : undefined,
);

const privateElements = value('a list of private elements as "creator|gggg,ee"', found =>
  Array.isArray(found) &&
  found.every(
    line => typeof line === 'string' && /^[^|\\]{1,64}\|[0-9A-Fa-f]{3}[13579BDFbdf],[0-9A-Fa-f]{2}$/.test(line),
  )
    ? (found as string[])
    : undefined,
);

const sponsor = value('a text of at most 64 characters', found =>
  typeof found === 'string' && found.length <= 64 && !/[\0-\x1f\\]/.test(found) ? found : undefined,
);

const tag = value('a tag as "(gggg,eeee)" or "gggg,eeee"', found =>
  typeof found === 'string' && /^\(?[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}\)?$/.test(found) ? found : undefined,
);

const tools = 'AS AN';
const withProcessed = 'AS CP AN';

/**
 * The keys that also hold in `ANONYMIZER.projects.<name>`; there without default, so that the section's own value shines
 * through.
 */
const types = {
  uidRoot: [uidPrefix, 'root of mapped UIDs', withProcessed],
  uidStyle: [singleChoice('oid', 'hex', 'keyed'), 'how UIDs are mapped', withProcessed],
  pseudonymKeyFile: [
    absolutePath,
    'key of style `keyed` and UID secret of slides, at least 32 bytes (secret file)',
    'AS CP AN PT',
  ],
  dateIncrement: [shiftDays, 'date shift in days', withProcessed],
  ageCap: [ageCap, 'ages above become this; null = off', tools],
  narrative: [singleChoice('remove', 'clean'), 'what becomes of long free text', tools],
  safePrivate: [privateElements, 'further private elements that are safe', tools],
  allow: [kinds, 'kinds of instances that are skipped otherwise', tools],
  vocabularyFile: [absolutePath, 'further words allowed in descriptions', tools],
  trialSponsor: [sponsor, 'Clinical Trial Sponsor Name (0012,0010)', tools],
} as const;

const deviceIdentity = 'keep device identity (option 113109)';

function overridable<K extends keyof typeof types>(name: K) {
  const [type, meaning, usedBy] = types[name] as (typeof types)[K];
  return key(type as (typeof types)[K][0], meaning, usedBy, 'that of `ANONYMIZER`');
}

const projectOverrides = block({
  uidRoot: overridable('uidRoot'),
  uidStyle: overridable('uidStyle'),
  pseudonymKeyFile: overridable('pseudonymKeyFile'),
  dateIncrement: overridable('dateIncrement'),
  ageCap: overridable('ageCap'),
  narrative: overridable('narrative'),
  retain: section({deviceIdentity: key(yesOrNo, deviceIdentity, tools, 'that of `ANONYMIZER`')}),
  safePrivate: overridable('safePrivate'),
  allow: overridable('allow'),
  vocabularyFile: overridable('vocabularyFile'),
  trialSponsor: overridable('trialSponsor'),
});

/** `ANONYMIZER`: de-identification and the transfers around it. A mistyped key here is an error, not a warning. */
export const anonymizerSection = section({
  uidRoot: keyWithDefault(uidPrefix, '1.3.6.1.4.1.45037.', ...words('uidRoot')),
  uidStyle: keyWithDefault(types.uidStyle[0], 'oid', ...words('uidStyle')),
  pseudonymKeyFile: key(absolutePath, ...words('pseudonymKeyFile'), 'required for `keyed`'),
  dateIncrement: keyWithDefault(shiftDays, 42, ...words('dateIncrement')),
  ageCap: keyWithDefault(ageCap, 90, ...words('ageCap')),
  narrative: keyWithDefault(types.narrative[0], 'remove', ...words('narrative')),
  retain: section({deviceIdentity: keyWithDefault(yesOrNo, false, deviceIdentity, tools)}),
  safePrivate: keyWithDefault(privateElements, [], ...words('safePrivate')),
  allow: keyWithDefault(kinds, [], ...words('allow')),
  vocabularyFile: key(absolutePath, ...words('vocabularyFile')),
  trialSponsor: key(sponsor, ...words('trialSponsor')),
  profileOverrides: keyWithDefault(
    rows(
      block({
        tag: key(tag, 'the element', tools, 'required'),
        action: key(text, 'the action of the profile instead', tools, 'required'),
        reason: key(text, 'why the site wants it', tools, 'required'),
      }),
    ),
    [],
    'changes to the profile, reported every time',
    tools,
  ),
  projects: named(projectOverrides, 'the keys above for one research project, by its exact name', 'AS CP AN PT'),
  workers: keyWithDefault(count, 0, 'threads; 0 = CPUs - 1', tools),
  maxHeaderBytes: keyWithDefault(bytes, 67_108_864, 'limit of what stands before the pixel data', tools),
  maxDepth: keyWithDefault(countFromOne, 64, 'limit of nested sequences', tools),
  parallelTransfers: keyWithDefault(countFromOne, 1, 'studies at once', 'AS'),
  order: keyWithDefault(singleChoice('oldest', 'newest'), 'oldest', 'order of requests', 'AS'),
  maxRunMinutes: keyWithDefault(minutes, 0, 'no further request after; 0 = no limit', 'AS'),
  retryHours: keyWithDefault(hours, 24, 'a temporary failure becomes final', 'AS'),
  allowUnknownProjects: keyWithDefault(yesOrNo, false, 'send for a project without record', 'AS'),
  requireTransferRow: keyWithDefault(yesOrNo, true, 'a request without its row in Incoming is obsolete', 'AS'),
  requireClassification: keyWithDefault(
    value('"auto", true or false', found => {
      if (found === 'auto') return 'auto';
      if (found === true || found === 'true') return true;
      return found === false || found === 'false' ? false : undefined;
    }),
    'auto',
    'series without `ClassifyRulesHash` wait: `auto` = when there is a rule file',
    'AS',
  ),
  noImageCommand: key(command, 'program that makes a placeholder for non-image series', 'AS'),
});

function words(name: keyof typeof types): [meaning: string, usedBy: string] {
  return [types[name][1], types[name][2]];
}
