/** How the bytes of a data set are to be read. */
export interface Encoding {
  /** Explicit VR: each element names its VR. */
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

export const implicitLittleEndian: Encoding = {explicit: false, littleEndian: true};
export const explicitLittleEndian: Encoding = {explicit: true, littleEndian: true};
export const explicitBigEndian: Encoding = {explicit: true, littleEndian: false};

/** A transfer syntax (PS3.5 10 and annex A). */
export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  readonly encoding: Encoding;
  /** The whole data set is deflated (PS3.5 A.5). */
  readonly deflated: boolean;
  /** Pixel data are fragments in items (PS3.5 A.4). */
  readonly encapsulated: boolean;
}

type Kind = 'implicit' | 'explicit' | 'big' | 'deflated' | 'encapsulated';

/** PS3.6 Table A-1, the rows of type Transfer Syntax. */
const rows: readonly (readonly [uid: string, kind: Kind, name: string])[] = [
  ['1.2.840.10008.1.2', 'implicit', 'Implicit VR Little Endian'],
  ['1.2.840.10008.1.2.1', 'explicit', 'Explicit VR Little Endian'],
  ['1.2.840.10008.1.2.1.98', 'encapsulated', 'Encapsulated Uncompressed Explicit VR Little Endian'],
  ['1.2.840.10008.1.2.1.99', 'deflated', 'Deflated Explicit VR Little Endian'],
  ['1.2.840.10008.1.2.2', 'big', 'Explicit VR Big Endian'],
  ['1.2.840.10008.1.2.4.50', 'encapsulated', 'JPEG Baseline (Process 1)'],
  ['1.2.840.10008.1.2.4.51', 'encapsulated', 'JPEG Extended (Process 2 and 4)'],
  ['1.2.840.10008.1.2.4.52', 'encapsulated', 'JPEG Extended (Process 3 and 5)'],
  ['1.2.840.10008.1.2.4.53', 'encapsulated', 'JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)'],
  ['1.2.840.10008.1.2.4.54', 'encapsulated', 'JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)'],
  ['1.2.840.10008.1.2.4.55', 'encapsulated', 'JPEG Full Progression, Non-Hierarchical (Process 10 and 12)'],
  ['1.2.840.10008.1.2.4.56', 'encapsulated', 'JPEG Full Progression, Non-Hierarchical (Process 11 and 13)'],
  ['1.2.840.10008.1.2.4.57', 'encapsulated', 'JPEG Lossless, Non-Hierarchical (Process 14)'],
  ['1.2.840.10008.1.2.4.58', 'encapsulated', 'JPEG Lossless, Non-Hierarchical (Process 15)'],
  ['1.2.840.10008.1.2.4.59', 'encapsulated', 'JPEG Extended, Hierarchical (Process 16 and 18)'],
  ['1.2.840.10008.1.2.4.60', 'encapsulated', 'JPEG Extended, Hierarchical (Process 17 and 19)'],
  ['1.2.840.10008.1.2.4.61', 'encapsulated', 'JPEG Spectral Selection, Hierarchical (Process 20 and 22)'],
  ['1.2.840.10008.1.2.4.62', 'encapsulated', 'JPEG Spectral Selection, Hierarchical (Process 21 and 23)'],
  ['1.2.840.10008.1.2.4.63', 'encapsulated', 'JPEG Full Progression, Hierarchical (Process 24 and 26)'],
  ['1.2.840.10008.1.2.4.64', 'encapsulated', 'JPEG Full Progression, Hierarchical (Process 25 and 27)'],
  ['1.2.840.10008.1.2.4.65', 'encapsulated', 'JPEG Lossless, Hierarchical (Process 28)'],
  ['1.2.840.10008.1.2.4.66', 'encapsulated', 'JPEG Lossless, Hierarchical (Process 29)'],
  ['1.2.840.10008.1.2.4.70', 'encapsulated', 'JPEG Lossless, First-Order Prediction (Process 14 [Selection Value 1])'],
  ['1.2.840.10008.1.2.4.80', 'encapsulated', 'JPEG-LS Lossless'],
  ['1.2.840.10008.1.2.4.81', 'encapsulated', 'JPEG-LS Lossy (Near-Lossless)'],
  ['1.2.840.10008.1.2.4.90', 'encapsulated', 'JPEG 2000 (Lossless Only)'],
  ['1.2.840.10008.1.2.4.91', 'encapsulated', 'JPEG 2000'],
  ['1.2.840.10008.1.2.4.92', 'encapsulated', 'JPEG 2000 Part 2 Multi-component (Lossless Only)'],
  ['1.2.840.10008.1.2.4.93', 'encapsulated', 'JPEG 2000 Part 2 Multi-component'],
  ['1.2.840.10008.1.2.4.94', 'explicit', 'JPIP Referenced'],
  ['1.2.840.10008.1.2.4.95', 'deflated', 'JPIP Referenced Deflate'],
  ['1.2.840.10008.1.2.4.100', 'encapsulated', 'MPEG2 Main Profile / Main Level'],
  ['1.2.840.10008.1.2.4.100.1', 'encapsulated', 'Fragmentable MPEG2 Main Profile / Main Level'],
  ['1.2.840.10008.1.2.4.101', 'encapsulated', 'MPEG2 Main Profile / High Level'],
  ['1.2.840.10008.1.2.4.101.1', 'encapsulated', 'Fragmentable MPEG2 Main Profile / High Level'],
  ['1.2.840.10008.1.2.4.102', 'encapsulated', 'MPEG-4 AVC/H.264 High Profile / Level 4.1'],
  ['1.2.840.10008.1.2.4.102.1', 'encapsulated', 'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1'],
  ['1.2.840.10008.1.2.4.103', 'encapsulated', 'MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1'],
  ['1.2.840.10008.1.2.4.103.1', 'encapsulated', 'Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1'],
  ['1.2.840.10008.1.2.4.104', 'encapsulated', 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video'],
  ['1.2.840.10008.1.2.4.104.1', 'encapsulated', 'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video'],
  ['1.2.840.10008.1.2.4.105', 'encapsulated', 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video'],
  ['1.2.840.10008.1.2.4.105.1', 'encapsulated', 'Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video'],
  ['1.2.840.10008.1.2.4.106', 'encapsulated', 'MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2'],
  ['1.2.840.10008.1.2.4.106.1', 'encapsulated', 'Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2'],
  ['1.2.840.10008.1.2.4.107', 'encapsulated', 'HEVC/H.265 Main Profile / Level 5.1'],
  ['1.2.840.10008.1.2.4.108', 'encapsulated', 'HEVC/H.265 Main 10 Profile / Level 5.1'],
  ['1.2.840.10008.1.2.4.110', 'encapsulated', 'JPEG XL Lossless'],
  ['1.2.840.10008.1.2.4.111', 'encapsulated', 'JPEG XL JPEG Recompression'],
  ['1.2.840.10008.1.2.4.112', 'encapsulated', 'JPEG XL'],
  ['1.2.840.10008.1.2.4.201', 'encapsulated', 'High-Throughput JPEG 2000 (Lossless Only)'],
  ['1.2.840.10008.1.2.4.202', 'encapsulated', 'High-Throughput JPEG 2000 with RPCL Options (Lossless Only)'],
  ['1.2.840.10008.1.2.4.203', 'encapsulated', 'High-Throughput JPEG 2000'],
  ['1.2.840.10008.1.2.4.204', 'explicit', 'JPIP HTJ2K Referenced'],
  ['1.2.840.10008.1.2.4.205', 'deflated', 'JPIP HTJ2K Referenced Deflate'],
  ['1.2.840.10008.1.2.5', 'encapsulated', 'RLE Lossless'],
  ['1.2.840.10008.1.2.8.1', 'encapsulated', 'Deflated Image Frame Compression'],
];

const encodings: Readonly<Record<Kind, Encoding>> = {
  implicit: implicitLittleEndian,
  explicit: explicitLittleEndian,
  big: explicitBigEndian,
  deflated: explicitLittleEndian,
  encapsulated: explicitLittleEndian,
};

function describe(uid: string, kind: Kind, name: string): TransferSyntax {
  return {uid, name, encoding: encodings[kind], deflated: kind === 'deflated', encapsulated: kind === 'encapsulated'};
}

/** All transfer syntaxes of the standard, by UID. */
export const transferSyntaxes: ReadonlyMap<string, TransferSyntax> = new Map(
  rows.map(([uid, kind, name]) => [uid, describe(uid, kind, name)]),
);

/** UIDs of the transfer syntaxes this library has to name itself. */
export const transferSyntaxUid = {
  implicitLittleEndian: '1.2.840.10008.1.2',
  explicitLittleEndian: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  explicitBigEndian: '1.2.840.10008.1.2.2',
  encapsulatedUncompressed: '1.2.840.10008.1.2.1.98',
  rleLossless: '1.2.840.10008.1.2.5',
  jpegLossless: '1.2.840.10008.1.2.4.57',
  jpegLosslessFirstOrder: '1.2.840.10008.1.2.4.70',
} as const;

/**
 * The transfer syntax of a UID. One that is not in the table (private, or newer than this table) is taken as
 * explicit little endian, as PS3.5 10.1 demands of every new one; whether it is encapsulated shows in the file.
 */
export function transferSyntaxOf(uid: string): TransferSyntax {
  return transferSyntaxes.get(uid) ?? describe(uid, 'explicit', `unknown (${uid})`);
}
