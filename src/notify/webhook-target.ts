import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from './public-address.js';

/** Why a webhook may not go there; the message names no address of our network. */
export class WebhookTargetError extends Error {
  override name = 'WebhookTargetError';
}

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

export const systemResolve: Resolve = (host) => systemLookup(host, { all: true });

export interface TargetRules {
  /** WEBHOOK_ALLOW_INTERNAL: http and addresses of our own network are allowed. */
  readonly allowInternal: boolean;
  readonly resolve: Resolve;
}

/** The shape of a webhook's address; who is behind its name is asked at every delivery. */
export function parseTarget(text: string, allowInternal: boolean): URL {
  if (!URL.canParse(text)) throw new WebhookTargetError('the URL cannot be read');
  const url = new URL(text);
  const isAllowed = url.protocol === 'https:' || (allowInternal && url.protocol === 'http:');
  if (!isAllowed) throw new WebhookTargetError('the URL must begin with https://');
  if (url.username !== '' || url.password !== '') throw new WebhookTargetError('the URL may not contain a password');
  if (!allowInternal && isNumericHost(url)) checkPublic([{ address: bareHost(url), family: 0 }]);
  url.hash = '';
  return url;
}

/** `[::1]` without its brackets; decimal and octal forms were made dotted by URL. */
const bareHost = (url: URL): string => url.hostname.replaceAll(/[[\]]/g, '');
const isNumericHost = (url: URL): boolean => isIP(bareHost(url)) !== 0;

/**
 * Resolves once; the caller connects to exactly this address, so that a name which answers differently the next time
 * gains nothing (DNS rebinding, S57).
 */
export async function resolveTarget(url: URL, rules: TargetRules): Promise<ResolvedAddress> {
  const host = bareHost(url);
  const family = isIP(host);
  const addresses = family === 0 ? await rules.resolve(host) : [{ address: host, family }];
  if (!rules.allowInternal) checkPublic(addresses);
  const [first] = addresses;
  if (first === undefined) throw new WebhookTargetError('the name has no address');
  return first;
}

/** One address of ours among several is enough to refuse: which one is used would be chance. */
function checkPublic(addresses: readonly ResolvedAddress[]): void {
  if (addresses.every(({ address }) => isPublicAddress(address))) return;
  throw new WebhookTargetError('the URL does not lead to the public internet');
}
