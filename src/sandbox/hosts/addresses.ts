import { BlockList, isIPv6 } from "node:net";

/**
 * Address blocks that are not on the public internet: this machine, private and link-local networks, the metadata
 * services of clouds (169.254.169.254, fd00:ec2::254, 100.100.100.200), multicast, documentation, and IPv6 blocks that
 * carry an IPv4 address.
 * Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890).
 */
const SPECIAL_V4: readonly (readonly [network: string, prefix: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** What of IPv6 is public: global unicast; of that, the blocks below are not. */
const GLOBAL_UNICAST = ["2000::", 3] as const;
const SPECIAL_V6: readonly (readonly [network: string, prefix: number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
];

function blockList(blocks: readonly (readonly [string, number])[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of blocks) list.addSubnet(network, prefix, family);
  return list;
}

const specialV4 = blockList(SPECIAL_V4, "ipv4");
const globalV6 = blockList([GLOBAL_UNICAST], "ipv6");
const specialV6 = blockList(SPECIAL_V6, "ipv6");

/** Whether an IP address belongs to the public internet. An address with a zone (`fe80::1%eth0`) never does. */
export function isPublicAddress(address: string): boolean {
  if (!isIPv6(address)) return !specialV4.check(address, "ipv4");
  return !address.includes("%") && globalV6.check(address, "ipv6") && !specialV6.check(address, "ipv6");
}
