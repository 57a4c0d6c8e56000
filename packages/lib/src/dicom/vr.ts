/** Value representations of PS3.5 6.2. */
// biome-ignore format: ten a line, as a table
export const vrs = [
  'AE', 'AS', 'AT', 'CS', 'DA', 'DS', 'DT', 'FD', 'FL', 'IS', 'LO', 'LT', 'OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'PN',
  'SH', 'SL', 'SQ', 'SS', 'ST', 'SV', 'TM', 'UC', 'UI', 'UL', 'UN', 'UR', 'US', 'UT', 'UV',
] as const;

export type Vr = (typeof vrs)[number];

/** How the values of a VR are stored and read. */
export type ValueKind = 'text' | 'number' | 'tag' | 'bytes' | 'sequence';

export interface VrRule {
  readonly kind: ValueKind;
  /** Explicit VR writes two reserved bytes and a 32-bit length (PS3.5 7.1.2). */
  readonly longLength: boolean;
  /** Bytes of one value of a binary VR, and of what is swapped in big endian; 1 for text. */
  readonly unit: number;
  /** Decoded by (0008,0005): SH LO ST LT PN UC UT (PS3.5 6.1.2.3). */
  readonly usesCharacterSet: boolean;
  /** The backslash separates values. Not in ST LT UT UR (PS3.5 6.4). */
  readonly multiValued: boolean;
  /** Byte that makes an odd length even: NUL for UI and bytes, blank for text (PS3.5 6.2). */
  readonly padding: number;
  /** Most characters of one value, where the standard limits it. */
  readonly maxLength: number | undefined;
}

function textRule(
  maxLength: number | undefined,
  options: {charset?: boolean; single?: boolean; long?: boolean; padding?: number} = {},
): VrRule {
  return {
    kind: 'text',
    longLength: options.long ?? false,
    unit: 1,
    usesCharacterSet: options.charset ?? false,
    multiValued: !(options.single ?? false),
    padding: options.padding ?? 0x20,
    maxLength,
  };
}

function binaryRule(kind: ValueKind, unit: number, longLength: boolean): VrRule {
  return {
    kind,
    longLength,
    unit,
    usesCharacterSet: false,
    multiValued: kind === 'number' || kind === 'tag',
    padding: 0,
    maxLength: undefined,
  };
}

/** PS3.5 Table 6.2-1, as far as reading and writing needs it. */
export const vrRules: Readonly<Record<Vr, VrRule>> = {
  AE: textRule(16),
  AS: textRule(4),
  AT: binaryRule('tag', 2, false),
  CS: textRule(16),
  DA: textRule(8),
  DS: textRule(16),
  DT: textRule(26),
  FD: binaryRule('number', 8, false),
  FL: binaryRule('number', 4, false),
  IS: textRule(12),
  LO: textRule(64, {charset: true}),
  LT: textRule(10240, {charset: true, single: true}),
  OB: binaryRule('bytes', 1, true),
  OD: binaryRule('bytes', 8, true),
  OF: binaryRule('bytes', 4, true),
  OL: binaryRule('bytes', 4, true),
  OV: binaryRule('bytes', 8, true),
  OW: binaryRule('bytes', 2, true),
  PN: textRule(undefined, {charset: true}),
  SH: textRule(16, {charset: true}),
  SL: binaryRule('number', 4, false),
  SQ: binaryRule('sequence', 1, true),
  SS: binaryRule('number', 2, false),
  ST: textRule(1024, {charset: true, single: true}),
  SV: binaryRule('number', 8, true),
  TM: textRule(14),
  UC: textRule(undefined, {charset: true, long: true}),
  UI: textRule(64, {padding: 0}),
  UL: binaryRule('number', 4, false),
  UN: binaryRule('bytes', 1, true),
  UR: textRule(undefined, {single: true, long: true}),
  US: binaryRule('number', 2, false),
  UT: textRule(undefined, {charset: true, single: true, long: true}),
  UV: binaryRule('number', 8, true),
};

const byCode = new Map<number, Vr>(vrs.map(vr => [vr.charCodeAt(0) * 256 + vr.charCodeAt(1), vr]));

/** The VR whose two letters these bytes are, or undefined. */
export function vrOfBytes(first: number, second: number): Vr | undefined {
  return byCode.get(first * 256 + second);
}

/** Narrows a text to a VR. */
export function isVr(text: string): text is Vr {
  return Object.hasOwn(vrRules, text);
}
