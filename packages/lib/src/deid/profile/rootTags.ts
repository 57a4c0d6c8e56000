/** Elements by which the engine identifies an instance. */
export const rootTags = {
  specificCharacterSet: 0x0008_0005,
  sopClassUid: 0x0008_0016,
  sopInstanceUid: 0x0008_0018,
  studyInstanceUid: 0x0020_000d,
  seriesInstanceUid: 0x0020_000e,
  studyDate: 0x0008_0020,
  patientName: 0x0010_0010,
  patientId: 0x0010_0020,
  birthDate: 0x0010_0030,
  patientIdentityRemoved: 0x0012_0062,
  modality: 0x0008_0060,
  methodCodeSequence: 0x0012_0064,
  mediaStorageSopClassUid: 0x0002_0002,
} as const;
