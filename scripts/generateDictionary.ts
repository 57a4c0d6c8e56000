import {writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

/**
 * Writes packages/lib/src/dicom/dictionaryTable.ts from the dictionary of dcmjs (PS3.6 with retired and repeating
 * groups). Run again when dcmjs brings a newer edition of the standard: node scripts/generateDictionary.ts
 */
interface Entry {
  tag: string;
  vr: string;
  name: string;
  vm: string;
}

/** dcmjs's short forms for "one of two": ox = OB or OW, xs = US or SS, lt = US or OW, up = UL; na has no VR. */
const vrNames: Record<string, string> = {ox: 'OX', xs: 'XS', lt: 'XO', up: 'UL', na: ''};

const repeating = /^\(([0-9A-F]{4})-([0-9A-F]{4}),([0-9A-F]{4})\)$/;
const repeatingElement = /^\(([0-9A-F]{4}),([0-9A-F]{4})-([0-9A-F]{4})\)$/;

/** Rows of PS3.6 written with x (retired) that dcmjs leaves out: pattern, VR, VM, keyword. */
const missing = [
  '002804x0 US 1 -RowsForNthOrderCoefficients',
  '002804x1 US 1 -ColumnsForNthOrderCoefficients',
  '002804x2 LO 1-n -CoefficientCoding',
  '002804x3 AT 1-n -CoefficientCodingPointers',
  '002808x0 CS 1-n -CodeLabel',
  '002808x2 US 1 -NumberOfTables',
  '002808x3 AT 1-n -CodeTableLocation',
  '002808x4 US 1 -BitsForCodeWord',
  '002808x8 AT 1-n -ImageDataLocation',
  '1000xxx0 US 3 -EscapeTriplet',
  '1000xxx1 US 3 -RunLengthTriplet',
  '1000xxx2 US 1 -HuffmanTableSize',
  '1000xxx3 US 3 -HuffmanTableTriplet',
  '1000xxx4 US 1 -ShiftTableSize',
  '1000xxx5 US 3 -ShiftTableTriplet',
  '1010xxxx US 1-n -ZonalMap',
];

/** Rows where dcmjs 0.52 differs from PS3.6 2024 or lacks an attribute. They replace what it has for the tag. */
const corrections = [
  '00020026 UR 1 SourcePresentationAddress',
  '00020027 UR 1 SendingPresentationAddress',
  '00020028 UR 1 ReceivingPresentationAddress',
  '00020031 OB 1 RTVMetaInformationVersion',
  '00020032 UI 1 RTVCommunicationSOPClassUID',
  '00020033 UI 1 RTVCommunicationSOPInstanceUID',
  '00020035 OB 1 RTVSourceIdentifier',
  '00020036 OB 1 RTVFlowIdentifier',
  '00020037 UL 1 RTVFlowRTPSamplingRate',
  '00020038 FD 1 RTVFlowActualFrameDuration',
  '00221642 UL 1 NumberOfBscansPerFrame',
  '0040A803 UL 1 NumberOfTableColumns',
  '00660040 OL 1 LongPrimitivePointIndexList',
  '00660041 OL 1 LongTrianglePointIndexList',
  '00660042 OL 1 LongEdgePointIndexList',
  '00660043 OL 1 LongVertexPointIndexList',
  '006862F0 SQ 1 ViewOrientationModifierCodeSequence',
  '0070150C UL 1 NumberOfVolumetricCurvePoints',
  '00760034 SQ 1 ComponentTypeCodeSequence',
  '40101029 LO 1-n ThreatDetectionAlgorithmAndVersion',
];

function row(pattern: string, entry: Entry): string | undefined {
  const vr = vrNames[entry.vr] ?? entry.vr;
  if (!/^[A-Z]{2}$/.test(vr) || !/^\w+$/.test(entry.name)) return undefined;
  return `${pattern} ${vr} ${entry.vm || '1'} ${entry.name.replace(/^RETIRED_/, '-').replace('undefined', '')}`;
}

function patternOf(tag: string): string | undefined {
  const plain = /^\(([0-9A-F]{4}),([0-9A-F]{4})\)$/i.exec(tag);
  if (plain !== null) return `${plain[1]}${plain[2]}`.toUpperCase();
  const group = repeating.exec(tag);
  if (group !== null) return `${group[1]?.slice(0, 2)}xx${group[3]}`;
  const element = repeatingElement.exec(tag);
  return element === null ? undefined : `${element[1]}${element[2]?.slice(0, 2)}xx`;
}

function table(entries: Record<string, Entry>): string[] {
  const fixed = new Set(corrections.map(line => line.slice(0, 8)));
  const rows = [...missing, ...corrections];
  for (const [tag, entry] of Object.entries(entries)) {
    const pattern = patternOf(tag);
    const line = pattern === undefined ? undefined : row(pattern, entry);
    if (line !== undefined && !fixed.has(line.slice(0, 8))) rows.push(line);
  }
  return rows.sort((a, b) => (a < b ? -1 : 1));
}

const require = createRequire(new URL('../packages/lib/package.json', import.meta.url));
const source: {default: Record<string, Entry>} = await import(pathToFileURL(require.resolve('dcmjs/dictionary')).href);
const rows = table(source.default);
const target = new URL('../packages/lib/src/dicom/dictionaryTable.ts', import.meta.url);
await writeFile(
  target,
  `/**
 * PS3.6 and PS3.7: one row per attribute, sorted: tag (x = any digit), VR, VM, keyword; \`-\` before a retired keyword.
 * OX = OB or OW, XS = US or SS, XO = US or OW. Made by scripts/generateDictionary.ts, not by hand.
 */
export const dictionaryTable = \`${rows.join('\n')}\`;
`,
);
console.log(`${rows.length} attributes`);
