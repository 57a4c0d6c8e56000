import type {EventInfo} from './projectInfo.ts';

/**
 * The unique name of the event that a free text means (`Baseline`, `Week 12`, blank).
 * @param events in the order of the export: arm, then day offset
 * @returns undefined when no event fits
 */
export function resolveEvent(event: string, events: readonly EventInfo[]): string | undefined {
  const byArm = [...events].sort((a, b) => a.arm - b.arm);
  const wanted = event.trim().toLowerCase();
  if (wanted === '') return byArm[0]?.name;
  const named = (name: string) => byArm.find(known => known.name.toLowerCase() === name)?.name;
  const simplified = wanted.replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '');
  return (
    named(wanted) ??
    named(`${wanted}_arm_1`) ??
    named(`${simplified}_arm_1`) ??
    byArm.find(known => known.label.trim().toLowerCase() === wanted)?.name
  );
}
