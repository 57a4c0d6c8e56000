import type {Vr} from '../../dicom/vr.ts';
import type {Action} from './profileRow.ts';

/**
 * What becomes of a public attribute that is not in Table E.1-1, by its VR: numbers, codes and dates are research data, descriptions are
 * cleaned, long texts, names and bytes of unknown content are not sent.
 */
export const actionOfVr: Readonly<Record<Vr, Action>> = {
  AE: 'empty',
  AS: 'age',
  AT: 'keep',
  CS: 'keep',
  DA: 'date',
  DS: 'keep',
  DT: 'date',
  FD: 'keep',
  FL: 'keep',
  IS: 'keep',
  LO: 'descriptor',
  LT: 'narrative',
  OB: 'remove',
  OD: 'remove',
  OF: 'remove',
  OL: 'remove',
  OV: 'remove',
  OW: 'remove',
  PN: 'empty',
  SH: 'descriptor',
  SL: 'keep',
  SQ: 'sequence',
  SS: 'keep',
  ST: 'narrative',
  SV: 'keep',
  TM: 'date',
  UC: 'descriptor',
  UI: 'uid',
  UL: 'keep',
  UN: 'remove',
  UR: 'remove',
  US: 'keep',
  UT: 'narrative',
  UV: 'keep',
};
