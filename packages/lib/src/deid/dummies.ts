import type {Vr} from '../dicom/vr.ts';
import type {Counts, Decision} from './decision.ts';
import type {Value} from './value.ts';

/** What stands where a value must stand but the real one may not. */
const dummies: Partial<Record<Vr, string>> = {
  AE: 'REMOVED',
  AS: '000Y',
  CS: 'REMOVED',
  DA: '19000101',
  DS: '0',
  DT: '19000101',
  IS: '0',
  LO: 'removed',
  LT: 'removed',
  PN: 'Removed',
  SH: 'removed',
  ST: 'removed',
  TM: '000000',
  UC: 'removed',
  UR: 'urn:removed',
  UT: 'removed',
};

/** The dummy of a VR: a fixed text, or as many zero bytes as the value had. */
export function dummyOf(value: Value, counts?: Counts): Decision {
  const text = dummies[value.vr];
  const bytes = text === undefined ? Buffer.alloc(value.raw.length) : Buffer.from(text, 'latin1');
  return {kind: 'replace', label: 'dummy', vr: value.vr, value: bytes, ...(counts === undefined ? {} : {counts})};
}

/** The dummy as text, for VRs that have one. */
export function dummyText(vr: Vr): string | undefined {
  return dummies[vr];
}
