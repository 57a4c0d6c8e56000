/** Coding schemes that are public: their codes and meanings name no person (PS3.16 8, Table 8-1). */
export const publicSchemes: ReadonlySet<string> = new Set(
  'DCM SCT SRT SNM3 LN UCUM RADLEX FMA UMLS NCIt MDC BI ACR I10 I10P I9 I9C I9P ATC RXNORM ISO3166_1 ISO639_1 ISO639_2 NEU UBERON'.split(
    ' ',
  ),
);

/** Designator of a local scheme whose own name may not stay. */
export const localScheme = '99LOCAL';

/** Concept names (DCM) of content items that tell who a person, subject, device observer or order is (PS3.16 TID 1002-1010, 1204, 1501). */
export const identifyingConcepts: ReadonlySet<string> = new Set([
  ...['121008', '121009', '121012', '121013'],
  ...['121016', '121017', '121018', '121019', '121020', '121021', '121022'],
  ...['121028', '121029', '121030', '121031', '121036'],
  ...['113870', '113871', '113872', '113873'],
]);

/** What the engine has to find in an item to see what kind of item it is. */
export const itemTags = {
  codeValue: 0x0008_0100,
  longCodeValue: 0x0008_0119,
  urnCodeValue: 0x0008_0120,
  codingSchemeDesignator: 0x0008_0102,
  codeMeaning: 0x0008_0104,
  conceptNameCodeSequence: 0x0040_a043,
  contentSequence: 0x0040_a730,
  measurementUnitsCodeSequence: 0x0040_08ea,
  numericValue: 0x0040_a30a,
  referencedSopClassUid: 0x0008_1150,
} as const;

/** The elements of a code (PS3.3 8.8). */
export function isCodeTag(tag: number): boolean {
  return tag >= itemTags.codeValue && tag <= lastCodeTag;
}

const lastCodeTag = 0x0008_0124;

/** Sequences whose items refer to studies, not to instances, by (0008,1155). */
export const studyReferenceSequences: ReadonlySet<number> = new Set([0x0008_1110, 0x3006_0012]);

/** Classes of studies (PS3.4 annex F, retired): (0008,1155) beside them is a StudyInstanceUID. */
export const studyClasses: ReadonlySet<string> = new Set(['1.2.840.10008.3.1.2.3.1', '1.2.840.10008.3.1.2.3.2']);

/** Concept name (DCM) of a content item whose UID is a StudyInstanceUID. */
export const studyConcept = '110180';

/** Concept name (DCM) of the age of a subject, and the code (UCUM) of years. */
export const ageConcept = '121033';
export const yearsUnit = 'a';

/** What names the study in items that refer to one: ReferencedSOPInstanceUID, UID. */
export const studyReferenceTags: ReadonlySet<number> = new Set([0x0008_1155, 0x0040_a124]);

/** Elements of a content item that say what it is, not whom it names: they stay in identifying items. */
export const structuralContentTags: ReadonlySet<number> = new Set([
  0x0040_a010, 0x0040_a040, 0x0040_a043, 0x0040_a050, 0x0040_a504, 0x0040_a730, 0x0040_db73,
]);

/** What may stay in an item of RequestAttributesSequence: cleaned descriptions and codes, no id. */
export const requestAttributeTags: ReadonlySet<number> = new Set([0x0040_0007, 0x0032_1060, 0x0040_0008, 0x0032_1064]);
