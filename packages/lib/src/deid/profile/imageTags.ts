/** Elements that say how the pixels lie (PS3.3 C.7.6.3): they are read, what becomes of them is the profile's. */
export const imageTags = {
  samplesPerPixel: 0x0028_0002,
  photometricInterpretation: 0x0028_0004,
  numberOfFrames: 0x0028_0008,
  rows: 0x0028_0010,
  columns: 0x0028_0011,
  bitsAllocated: 0x0028_0100,
  bitsStored: 0x0028_0101,
  highBit: 0x0028_0102,
  extendedOffsetTable: 0x7fe0_0001,
  extendedOffsetLengths: 0x7fe0_0002,
} as const;

/** Elements by which the pixel gate judges whether text may be burned in. */
export const gateTags = {
  burnedInAnnotation: 0x0028_0301,
  imageType: 0x0008_0008,
  conversionType: 0x0008_0064,
  modality: 0x0008_0060,
  secondaryCaptureFirst: 0x0018_1012,
  secondaryCaptureLast: 0x0018_1019,
} as const;
