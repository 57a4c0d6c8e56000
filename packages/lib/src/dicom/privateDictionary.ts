import type {Vr} from './vr.ts';

/** A private element by its creator: the block number of the tag is replaced by `xx`. */
interface PrivateRow {
  readonly creator: string;
  readonly group: number;
  /** Low byte of the element number. */
  readonly element: number;
  readonly vr: Vr;
  readonly vm: string;
  readonly keyword: string;
}

/** The private elements the index daemon reads, for files that write them without VR. From the vendors' conformance statements. */
const rows: readonly PrivateRow[] = [
  {creator: 'GEMS_ACQU_01', group: 0x0019, element: 0x9c, vr: 'LO', vm: '1', keyword: 'PulseSequenceName'},
  {creator: 'GEMS_ACQU_01', group: 0x0019, element: 0x5a, vr: 'FL', vm: '1', keyword: 'AcquisitionDuration'},
  {creator: 'GEMS_ACQU_01', group: 0x0019, element: 0xbb, vr: 'DS', vm: '1', keyword: 'UserData20'},
  {creator: 'GEMS_ACQU_01', group: 0x0019, element: 0xb3, vr: 'DS', vm: '1', keyword: 'UserData12'},
  {creator: 'GEMS_RELA_01', group: 0x0021, element: 0x4f, vr: 'SS', vm: '1', keyword: 'LocationsInAcquisition'},
  {creator: 'GEMS_PARM_01', group: 0x0043, element: 0x39, vr: 'IS', vm: '4', keyword: 'SlopInteger6ToSlopInteger9'},
  {creator: 'Philips Imaging DD 001', group: 0x2001, element: 0x20, vr: 'LO', vm: '1', keyword: 'ScanningTechnique'},
  {creator: 'SIEMENS MR HEADER', group: 0x0051, element: 0x0a, vr: 'SH', vm: '1', keyword: 'AcquisitionLength'},
  {creator: 'SIEMENS MR HEADER', group: 0x0051, element: 0x0f, vr: 'LO', vm: '1', keyword: 'CoilString'},
  {creator: 'SIEMENS CSA HEADER', group: 0x0029, element: 0x10, vr: 'OB', vm: '1', keyword: 'CSAImageHeaderInfo'},
  {creator: 'SIEMENS CSA HEADER', group: 0x0029, element: 0x20, vr: 'OB', vm: '1', keyword: 'CSASeriesHeaderInfo'},
];

const byName = new Map(rows.map(row => [`${row.group} ${row.element} ${row.creator}`, row]));

/** The entry of a private element of this creator, or undefined. `element` is the whole element number; its block is ignored. */
export function lookupPrivate(group: number, element: number, creator: string): PrivateRow | undefined {
  return byName.get(`${group} ${element & 0xff} ${creator}`);
}
