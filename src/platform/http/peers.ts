import { BlockList, isIP } from 'node:net';

/** `::ffff:10.0.0.1` is how a dual-stack socket shows an IPv4 peer. */
const plainAddress = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address);

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

/** Who may speak plain HTTP to us (G-01). */
export class Peers {
  private readonly proxies: BlockList;

  constructor(
    trustedProxies: readonly string[],
    private readonly allowPlainHttp: boolean,
  ) {
    this.proxies = listOf(trustedProxies);
  }

  /** Whether a request that came unencrypted from `peer` may be answered. */
  mayEnter(peer: string | undefined, forwardedProto: string | undefined): boolean {
    if (this.allowPlainHttp) return true;
    if (peer === undefined) return false;
    const address = plainAddress(peer);
    if (LOOPBACK.check(address, familyOf(address))) return true;
    return this.isTrusted(address) && lastOf(forwardedProto) === 'https';
  }

  isTrusted(address: string): boolean {
    const plain = plainAddress(address);
    return isIP(plain) !== 0 && this.proxies.check(plain, familyOf(plain));
  }
}

/** The proxy next to us wrote the last one. */
const lastOf = (header: string | undefined): string | undefined => header?.split(',').at(-1)?.trim().toLowerCase();
