/** Protocol data units of the DICOM upper layer as plain data (PS3.8 9.3). One reader (`pduReader`), one writer (`pduWriter`). */

/** PDU type byte (PS3.8 9.3.1). */
export const pduType = {
  associateRequest: 0x01,
  associateAccept: 0x02,
  associateReject: 0x03,
  data: 0x04,
  releaseRequest: 0x05,
  releaseResponse: 0x06,
  abort: 0x07,
} as const;

/** Item and sub-item type bytes of the A-ASSOCIATE PDUs (PS3.8 9.3.2, PS3.7 D.3.3). */
export const itemType = {
  applicationContext: 0x10,
  proposedContext: 0x20,
  contextResult: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maximumLength: 0x51,
  implementationClassUid: 0x52,
  asynchronousOperations: 0x53,
  roleSelection: 0x54,
  implementationVersion: 0x55,
  extendedNegotiation: 0x56,
  commonExtendedNegotiation: 0x57,
  userIdentity: 0x58,
  userIdentityAnswer: 0x59,
} as const;

/** The only application context there is (PS3.7 A.2.1). */
export const applicationContextName = '1.2.840.10008.3.1.1.1';

/** Result of one presentation context (PS3.8 table 9-18). */
export const contextResult = {
  acceptance: 0,
  userRejection: 1,
  noReason: 2,
  abstractSyntaxNotSupported: 3,
  transferSyntaxesNotSupported: 4,
} as const;

export interface ProposedContext {
  /** Odd, 1-255, by the standard; even ones are tolerated. */
  id: number;
  abstractSyntax: string;
  transferSyntaxes: string[];
}

export interface ContextResult {
  id: number;
  result: number;
  /** Significant only when accepted. */
  transferSyntax: string;
}

/** SCP/SCU role selection (PS3.7 D.3.3.4), seen from the requestor of the association. */
export interface RoleSelection {
  sopClassUid: string;
  scu: boolean;
  scp: boolean;
}

/** Asynchronous operations window (PS3.7 D.3.3.3); 0 = unlimited. */
export interface AsynchronousOperations {
  invoked: number;
  performed: number;
}

export interface UserInformation {
  /** Longest P-DATA-TF its sender can receive (PS3.8 D.1); 0 = no limit. */
  maxPduLength: number;
  implementationClassUid?: string;
  implementationVersion?: string;
  asynchronousOperations?: AsynchronousOperations;
  roles: RoleSelection[];
  /** Kind of identity offered (PS3.7 D.3.3.7): 1 name, 2 name and passcode, 3 Kerberos, 4 SAML, 5 JWT. The identity itself is not kept. */
  userIdentity?: {type: number; answerRequested: boolean};
}

export interface AssociateRequest {
  kind: 'associate-request';
  protocolVersion: number;
  /** AE titles without their padding, otherwise as they came: untrusted. */
  calledAeTitle: string;
  callingAeTitle: string;
  applicationContext: string;
  contexts: ProposedContext[];
  user: UserInformation;
}

export interface AssociateAccept {
  kind: 'associate-accept';
  calledAeTitle: string;
  callingAeTitle: string;
  contexts: ContextResult[];
  user: UserInformation;
}

export interface AssociateReject {
  kind: 'associate-reject';
  /** 1 permanent, 2 transient. */
  result: number;
  /** 1 service user, 2 service provider (ACSE), 3 service provider (presentation). */
  source: number;
  reason: number;
}

export interface ReleaseRequest {
  kind: 'release-request';
}

export interface ReleaseResponse {
  kind: 'release-response';
}

export interface Abort {
  kind: 'abort';
  source: number;
  reason: number;
}

/** Every PDU but P-DATA-TF, which is read and written in pieces. */
export type ControlPdu =
  | AssociateRequest
  | AssociateAccept
  | AssociateReject
  | ReleaseRequest
  | ReleaseResponse
  | Abort;

/**
 * A piece of a presentation data value (PS3.8 9.3.5.1): the reader hands on what has arrived, so a PDV may come in many
 * pieces. `last` is set on the final piece of the last fragment of a command or data set.
 */
export interface Fragment {
  kind: 'fragment';
  contextId: number;
  command: boolean;
  last: boolean;
  data: Buffer;
}
