import type {PatternRow} from './profileRow.ts';

/**
 * Rules for whole groups. The first four are rows of DICOM PS3.15 2026d, © NEMA, Table E.1-1; the one for private elements is carried
 * out with the list of safe ones. A pattern wins over a row for a single tag.
 */
// biome-ignore format: one row a pattern
export const patternRows: readonly PatternRow[] = [
  ['50xx,xxxx', 'CurveData', 'X', '.........C', 'remove', 'curves and audio may hold anything'],
  ['60xx,3000', 'OverlayData', 'X', '.........C', 'remove', 'bit planes hold burned-in names'],
  ['60xx,4000', 'OverlayComments', 'X', '.........C', 'remove', 'free text'],
  ['gggg,eeee where gggg is odd', 'PrivateAttributes', 'X', 'C.........', 'remove', 'kept when listed as safe, see safePrivate.ts'],
  ['60xx,xxxx', 'Overlay', '', '', 'remove', 'an overlay without its data is of no use; labels are free text'],
  ['0000,xxxx', 'Command', '', '', 'remove', 'commands are no part of a data set'],
  ['0002,xxxx', 'FileMeta', '', '', 'remove', 'the file meta information is written new'],
  ['0004,xxxx', 'DirectoryRecord', '', '', 'remove', 'records of a DICOMDIR are no part of an instance'],
  ['0006,xxxx', 'RealTimeCommand', '', '', 'remove', 'commands are no part of a data set'],
  ['FFFE,xxxx', 'Delimiter', '', '', 'remove', 'no element'],
  ['xxxx,0000', 'GroupLength', '', '', 'remove', 'retired, and wrong after any change'],
  ['0020,31xx', 'SourceImageIDs', '', '', 'remove', 'retired'],
  ['0088,09xx', 'Topic', '', '', 'remove', 'retired free text'],
  ['2030,xxxx', 'Annotation', '', '', 'remove', 'retired text of prints'],
  ['4000,xxxx', 'Text', '', '', 'remove', 'retired free text'],
  ['4008,xxxx', 'Results', '', '', 'remove', 'retired results and interpretations'],
  ['4FFE,0001', 'MACParametersSequence', '', '', 'remove', 'signatures do not survive a change'],
];
