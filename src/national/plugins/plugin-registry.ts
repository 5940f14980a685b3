import { createHmacSigner } from './hmac-signer.js';
import { numberedPosts } from './numbered-posts.js';
import type { FieldCodecFactory, SignerFactory, ValuePlugin } from './plugin.js';
import { createSm2Signer } from './sm2-signer.js';
import { createSm4FieldCodec } from './sm4-field-codec.js';

/** The few code parts a profile may ask for, by the names it uses. */
const PLUGINS = {
  signer: new Map<string, SignerFactory>([
    ['HMAC-SHA256', createHmacSigner('HMAC-SHA256', 'sha256')],
    ['HMAC-SM3', createHmacSigner('HMAC-SM3', 'sm3')],
    ['SM2', createSm2Signer],
  ]),
  field: new Map<string, FieldCodecFactory>([['sm4', createSm4FieldCodec]]),
  value: new Map<string, ValuePlugin>([['numbered-posts', numberedPosts]]),
} as const;

export function isKnownPlugin(sort: keyof typeof PLUGINS, name: string): boolean {
  return PLUGINS[sort].has(name);
}

export function signerFactory(name: string): SignerFactory {
  const factory = PLUGINS.signer.get(name);
  if (!factory) throw new Error(`no signer plug-in "${name}"`);
  return factory;
}

export const fieldCodecFactories: ReadonlyMap<string, FieldCodecFactory> = PLUGINS.field;
export const valuePlugins: ReadonlyMap<string, ValuePlugin> = PLUGINS.value;
