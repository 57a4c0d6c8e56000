import {createHash} from 'node:crypto';
import type {DeidRequest} from '../request.ts';
import {patternRows} from './patternRows.ts';
import {Profile} from './profile.ts';
import {safePrivateRows} from './safePrivateRows.ts';
import {profileEdition} from './table.ts';
import {actionOfVr} from './vrRules.ts';

/**
 * SHA-256 (hexadecimal) of everything that decides what becomes of an element: the table with the changes of the site, what holds
 * for all other attributes, safe private elements, the project's options and rules. Two transfers with one hash and one version of
 * the software were treated alike; whose they were plays no part.
 */
export function profileHash(request: DeidRequest): string {
  const {retain, narrative, ageCap, safePrivate, allow, siteWords, importRules, fixedTexts = []} = request;
  const decisive = [
    profileEdition,
    new Profile(request).rules().map(({tag, action}) => [tag, action]),
    patternRows.map(([pattern, , , , action]) => [pattern, action]),
    actionOfVr,
    safePrivateRows,
    safePrivate.toSorted(),
    allow.toSorted(),
    [retain.deviceIdentity, narrative, ageCap],
    createHash('sha256').update(siteWords, 'utf8').digest('hex'),
    importRules.map(({tag, pattern}) => [tag, pattern]).toSorted(),
    fixedTexts.map(({tag, text}) => [tag, text]).toSorted(),
  ];
  return createHash('sha256').update(JSON.stringify(decisive), 'utf8').digest('hex');
}
