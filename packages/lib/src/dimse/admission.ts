import {BlockList, isIPv6} from 'node:net';
import {printable} from './peer.ts';
import type {AssociationAnswer, AssociationInfo} from './services.ts';

/** Who may associate; an empty list lets everybody in. */
export interface AdmissionLists {
  /** Calling AE titles. */
  readonly callers: readonly string[];
  /** Called AE titles. */
  readonly called: readonly string[];
  /** `192.0.2.0/24`, `2001:db8::/32`, or single addresses. */
  readonly networks: readonly string[];
  /** Our own AE title: calling from this host it is let in always, so that the watchdog can see whether we answer. */
  readonly ownAeTitle: string;
}

/** What the decision needs to know of a request. */
export type Applicant = Pick<AssociationInfo, 'callingAeTitle' | 'calledAeTitle' | 'address' | 'isLocal'>;

/** The decision on each request for an association; AE titles are compared exactly, as PS3.5 6.2 has them. */
export function admission(lists: AdmissionLists): (applicant: Applicant) => AssociationAnswer {
  const networks = lists.networks.length === 0 ? undefined : blockListOf(lists.networks);
  return ({callingAeTitle, calledAeTitle, address, isLocal}) => {
    if (isLocal && callingAeTitle === lists.ownAeTitle) return {kind: 'accept'};
    if (networks && !contains(networks, address)) {
      return {kind: 'reject', because: 'stranger', detail: `${address} is in none of the allowed networks`};
    }
    if (!allows(lists.callers, callingAeTitle)) {
      return {kind: 'reject', because: 'caller', detail: `${printable(callingAeTitle)} is no allowed caller`};
    }
    if (!allows(lists.called, calledAeTitle)) {
      return {kind: 'reject', because: 'called', detail: `${printable(calledAeTitle)} is no AE title of ours`};
    }
    return {kind: 'accept'};
  };
}

function allows(list: readonly string[], aeTitle: string): boolean {
  return list.length === 0 || list.includes(aeTitle);
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** A link-local address comes with its zone (`fe80::1%eth0`), which is no part of a network. */
function contains(networks: BlockList, address: string): boolean {
  const [plain = ''] = address.split('%');
  return networks.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}
