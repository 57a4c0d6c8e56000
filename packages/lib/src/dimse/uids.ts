/** UIDs of the network services (PS3.4, PS3.6 annex A). */

export const verificationSopClass = '1.2.840.10008.1.1';

/** Query/Retrieve SOP classes (PS3.4 C.6). */
export const queryRetrieve = {
  studyRoot: {
    find: '1.2.840.10008.5.1.4.1.2.2.1',
    move: '1.2.840.10008.5.1.4.1.2.2.2',
    get: '1.2.840.10008.5.1.4.1.2.2.3',
  },
  patientRoot: {
    find: '1.2.840.10008.5.1.4.1.2.1.1',
    move: '1.2.840.10008.5.1.4.1.2.1.2',
    get: '1.2.840.10008.5.1.4.1.2.1.3',
  },
} as const;

export type InformationModel = keyof typeof queryRetrieve;

/** Storage Commitment Push Model (PS3.4 annex J): its SOP class and the only instance of it. */
export const storageCommitment = {sopClass: '1.2.840.10008.1.20.1', sopInstance: '1.2.840.10008.1.20.1.1'} as const;

/** What an abstract syntax is for. */
export type Service = 'verification' | 'storage' | 'find' | 'move' | 'get' | 'commitment' | 'other';

const services = new Map<string, Service>([
  [verificationSopClass, 'verification'],
  [storageCommitment.sopClass, 'commitment'],
  ...Object.values(queryRetrieve).flatMap(
    model =>
      [
        [model.find, 'find'],
        [model.move, 'move'],
        [model.get, 'get'],
      ] as [string, Service][],
  ),
]);

/** Below the DICOM root only these arcs hold storage SOP classes (PS3.4 B.5, GG.3); all of PS3.6's are below them. */
const storageArcs = [
  '1.2.840.10008.5.1.4.1.1.',
  '1.2.840.10008.5.1.4.34.1',
  '1.2.840.10008.5.1.4.34.7',
  '1.2.840.10008.5.1.4.34.10',
  '1.2.840.10008.5.1.4.38.1',
  '1.2.840.10008.5.1.4.39.1',
  '1.2.840.10008.5.1.4.43.1',
  '1.2.840.10008.5.1.4.44.1',
  '1.2.840.10008.5.1.4.45.1',
];

/**
 * The service an abstract syntax belongs to. What lies outside the DICOM root is taken for a private storage class:
 * that is what modalities propose private ones for.
 */
export function serviceOf(abstractSyntax: string): Service {
  const known = services.get(abstractSyntax);
  if (known) return known;
  if (!abstractSyntax.startsWith('1.2.840.10008.')) return abstractSyntax === '' ? 'other' : 'storage';
  const isStorage = storageArcs.some(arc =>
    arc.endsWith('.') ? abstractSyntax.startsWith(arc) : abstractSyntax === arc,
  );
  return isStorage ? 'storage' : 'other';
}
