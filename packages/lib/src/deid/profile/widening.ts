import {formatTag} from '../../dicom/tag.ts';
import type {DeidRequest, ProfileOverride} from '../request.ts';
import {isWidening} from './overrides.ts';
import {Profile} from './profile.ts';

/** The overrides that let through more than the profile would: people must hear of them every time. */
export function wideningOverrides(
  request: Pick<DeidRequest, 'retain' | 'profileOverrides'>,
): readonly ProfileOverride[] {
  if (request.profileOverrides.length === 0) return [];
  const profile = new Profile({...request, profileOverrides: []});
  return request.profileOverrides.filter(({tag, action}) => isWidening(action, profile.ruleOf(tag).action));
}

/** What a run says of them, or undefined when there is nothing to say. */
export function wideningWarning(request: Pick<DeidRequest, 'retain' | 'profileOverrides'>): string | undefined {
  const tags = wideningOverrides(request).map(({tag}) => formatTag(tag));
  return tags.length === 0
    ? undefined
    : `ANONYMIZER.profileOverrides lets through more than the profile does: ${tags.join(', ')}`;
}
