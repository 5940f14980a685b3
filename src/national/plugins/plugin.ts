/**
 * What a profile's named code parts look like. A new one is one file beside this and one line in
 * `plugin-registry.ts`; everything else about a contract is data.
 */

/** Signs requests and checks replies with one secret. */
export interface Signer {
  /** Value of `X-Sign-Method`. */
  readonly method: string;
  /** hex digest of a raw body, by the hash that belongs to the method (§1.2). */
  digest(body: Buffer): string;
  sign(text: string): string;
  /** Constant-time check of `X-Resp-Sign` over `requestId LF code LF hex(H(body))` (A4). */
  isReplySignature(claimed: string, requestId: string, code: string, body: Buffer): boolean;
}
export type SignerFactory = (secret: string) => Signer;

/** Encrypts single field values; a new IV per value. */
export interface FieldCodec {
  encrypt(plain: string, iv: Buffer): string;
  decrypt(sent: string): string;
  readonly ivBytes: number;
}
export type FieldCodecFactory = (options: { readonly keyHex: string; readonly prefix: string }) => FieldCodec;

/** A pure rewriting of one text: dates, times. */
export type FieldFormatter = (text: string) => string;

/** Reshapes one value where a binding would need an `if`. */
export type ValuePlugin = (value: unknown, context: { readonly bizNo: string }) => unknown;
