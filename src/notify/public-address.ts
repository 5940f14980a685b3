import { BlockList, isIP } from 'node:net';

/** What a webhook must never reach (S57): networks that are not the public internet. */
const NOT_PUBLIC_V4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

const REFUSED_V4 = new BlockList();
for (const [network, bits] of NOT_PUBLIC_V4) REFUSED_V4.addSubnet(network, bits, 'ipv4');

/** Of IPv6 only global unicast is public, and of that not what carries an IPv4 address or documents something. */
const GLOBAL_V6 = new BlockList();
GLOBAL_V6.addSubnet('2000::', 3, 'ipv6');
const REFUSED_V6 = new BlockList();
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  REFUSED_V6.addSubnet(network, bits, 'ipv6');
}

/** Whether an address as the resolver gives it is on the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !REFUSED_V4.check(address, 'ipv4');
  // Mapped (::ffff:0:0/96) and NAT64 (64:ff9b::/96) addresses lie outside 2000::/3.
  return isIP(address) === 6 && GLOBAL_V6.check(address, 'ipv6') && !REFUSED_V6.check(address, 'ipv6');
}
