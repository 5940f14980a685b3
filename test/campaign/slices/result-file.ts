import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { jcs, parseJson, type JsonObject } from '../../independent/canonical.js';

/** What one slice came to; appended once, never changed. */
export interface Slice {
  readonly slice: number;
  readonly of: number;
  readonly seed: number;
  readonly queue: string;
  readonly kills: number;
  readonly faults: number;
  readonly accepted: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly blindResends: number;
  readonly minutesEqual: boolean;
  /** Violations of each invariant, the three above included. */
  readonly violations: Readonly<Record<string, number>>;
  readonly unfired: readonly string[];
  readonly slowestIntakeMs: number;
  readonly slowestMirroredMs: number;
  readonly commit: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly at: string;
}

/** `docs/campaigns/<date>.json`. The totals are reckoned from the slices whenever one is added. */
export interface CampaignFile {
  readonly kills: number;
  readonly faults: number;
  readonly accepted: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly blindResends: number;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
  readonly at: string;
  readonly asked: { readonly kills: number; readonly faults: number; readonly slices: number };
  readonly slices: readonly (Slice & { readonly signature: string })[];
  /** Ed25519, base64 of the 32 raw bytes; made for this campaign. */
  readonly publicKey: string;
  /** Over the RFC 8785 form of everything but itself. */
  readonly signature: string;
}

const RAW_BYTES = 32;

interface Keys {
  readonly sign: (value: object) => string;
  readonly publicKey: string;
}

/** The private key never leaves var/: what was signed with it can be checked by everybody, and made by nobody later. */
export function openKeys(path: string): Keys {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flag: 'wx' });
  }
  const key = createPrivateKey(readFileSync(path, 'utf8'));
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-RAW_BYTES);
  return { publicKey: raw.toString('base64'), sign: (value) => sign(null, digestOf(value), key).toString('base64') };
}

const digestOf = (value: object): Buffer =>
  createHash('sha256')
    .update(jcs(parseJson(JSON.stringify(value))))
    .digest();

const SUMS = ['kills', 'faults', 'accepted', 'lost', 'duplicated', 'blindResends'] as const;

const sumOf = (slices: readonly Slice[], name: (typeof SUMS)[number]): number =>
  slices.reduce((sum, slice) => sum + slice[name], 0);

export function readCampaign(path: string): CampaignFile | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as CampaignFile) : null;
}

/** Adds a slice (again the same slice: refused), reckons the totals anew, signs, and replaces the file in one step. */
export function appendSlice(
  path: string,
  keys: Keys,
  added: { slice: Slice; asked: CampaignFile['asked']; seed: number },
): CampaignFile {
  const before = readCampaign(path);
  if (before !== null) {
    const problem = problemOf(before);
    if (problem !== null) throw new Error(`${path}: ${problem}`);
    if (before.publicKey !== keys.publicKey)
      throw new Error(`${path} was begun with another key: start a campaign of its own`);
    if (before.slices.some(({ slice }) => slice === added.slice.slice))
      throw new Error(`slice ${added.slice.slice} is in it`);
  }
  const slices = [...(before?.slices ?? []), { ...added.slice, signature: keys.sign(added.slice) }];
  slices.sort((a, b) => a.slice - b.slice);
  const totals = Object.fromEntries(SUMS.map((name) => [name, sumOf(slices, name)])) as Pick<
    CampaignFile,
    (typeof SUMS)[number]
  >;
  const { versions, commit, at } = added.slice;
  const file = {
    ...totals,
    seed: added.seed,
    versions,
    commit,
    at,
    asked: added.asked,
    slices,
    publicKey: keys.publicKey,
  };
  const signed: CampaignFile = { ...file, signature: keys.sign(file) };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(signed, null, 2)}\n`);
  renameSync(`${path}.new`, path);
  return signed;
}

/** Null when totals and every signature hold. */
export function problemOf(file: CampaignFile): string | null {
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(file.publicKey, 'base64').toString('base64url') },
    format: 'jwk',
  });
  const isSigned = (value: JsonObject, signature: string): boolean =>
    verify(null, digestOf(value), key, Buffer.from(signature, 'base64'));
  const { signature, ...rest } = file;
  if (!isSigned(rest as unknown as JsonObject, signature)) return 'its signature does not hold';
  for (const { signature: own, ...slice } of file.slices) {
    if (!isSigned(slice as unknown as JsonObject, own)) return `the signature of slice ${slice.slice} does not hold`;
  }
  const wrong = SUMS.find((name) => file[name] !== sumOf(file.slices, name));
  return wrong === undefined ? null : `${wrong} is not the sum of its slices`;
}
