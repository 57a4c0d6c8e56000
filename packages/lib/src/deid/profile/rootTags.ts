/** The study is the one UID that the older anonymizer digested without its padding. */
export const studyInstanceUidTag = 0x0020_000d;

/** Elements by which the engine identifies an instance. */
export const rootTags = {
  specificCharacterSet: 0x0008_0005,
  sopClassUid: 0x0008_0016,
  sopInstanceUid: 0x0008_0018,
  studyInstanceUid: studyInstanceUidTag,
  seriesInstanceUid: 0x0020_000e,
  studyDate: 0x0008_0020,
  studyTime: 0x0008_0030,
  modality: 0x0008_0060,
  methodCodeSequence: 0x0012_0064,
} as const;
