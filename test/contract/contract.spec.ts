import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sm2 } from 'sm-crypto-v2';
import { projectRoot } from '../../src/platform/config/index.js';
import { RECORD_KINDS } from '../../src/records/index.js';
import { stringToSign } from '../../src/national/call/canonical-query.js';
import { readReply } from '../../src/national/call/reply-reading.js';
import { contentHashOf, recordsHash } from '../../src/national/content-hash.js';
import { createGateway } from '../../src/national/create-gateway.js';
import type { OutgoingItem, PreparedCall } from '../../src/national/gateway.js';
import { fieldCodecFactories, signerFactory } from '../../src/national/plugins/plugin-registry.js';
import { SM2_USER_ID } from '../../src/national/plugins/sm2-signer.js';
import { compileErrorRules } from '../../src/national/profile/error-rules.js';
import { loadProfile, profileIds, type Profile } from '../../src/national/profile/profile-loader.js';
import { createOutcomeOf } from '../../src/national/replies/outcome-of.js';

interface SigningVectors {
  secret: string;
  request: { appKey: string; timestamp: string; nonce: string; token: string };
  body: string;
  bodyBytes: number;
  digests: Record<string, string>;
  signatures: { method: string; path: string; query: string; hasBody: boolean; signer: string; sign: string }[];
  sm2: { publicKey: string; method: string; path: string; sign: string };
}
interface HashVectors {
  fieldEncryption: { keyHex: string; ivHex: string; plain: string; sent: string };
  contentHashes: { name: string; content: Record<string, unknown>; hash: string }[];
  recordsHash: { lines: { bizNo: string; version: number; minutes: number }[]; hash: string };
}
interface OutgoingVectors {
  fieldKeyHex: string;
  vectors: { name: string; item: OutgoingItem; expect: { path: string; item: NationalItem; contentHash?: string } }[];
}
interface NationalItem {
  bizNo: string;
  data?: Record<string, unknown>;
}
interface ReplyVector {
  name: string;
  rule: string;
  kind: string;
  isWrite: boolean;
  isBatch: boolean;
  isSigned: boolean;
  http: { status: number; headers: Record<string, string> };
  envelope?: { code: string | number };
  text?: string;
  expect: Record<string, unknown>;
}

const profilesDir = join(projectRoot(__dirname), 'config/national');
const REQUEST_ID = 'request-1';
const warnings: object[] = [];
const logger = { info: () => undefined, warn: (fields: object) => void warnings.push(fields), error: () => undefined };
const clock = { nowMs: () => 1_795_420_800_000 };
const random = { bytes: (count: number) => Buffer.alloc(count, 7) };

function vectors<T>(profileId: string, file: string): T {
  return JSON.parse(readFileSync(join(profilesDir, profileId, 'vectors', `${file}.json`), 'utf8')) as T;
}

const EMPTY = Buffer.alloc(0);

describe.each(profileIds(profilesDir))('profile %s', (id) => {
  const profile = loadProfile({ profilesDir, id });

  it('answers for every record kind, and for no kind that does not exist', () => {
    const kinds = RECORD_KINDS.map((kind) => kind.name).sort();
    expect(Object.keys(profile.spec.entities).sort()).toEqual(kinds);
  });

  describe('signing', () => {
    const given = vectors<SigningVectors>(id, 'signing');
    const body = Buffer.from(given.body, 'utf8');
    it.each(Object.entries(given.digests))('digests the body for %s', (name, digest) => {
      expect(body).toHaveLength(given.bodyBytes);
      expect(signerFactory(name)(given.secret).digest(body)).toBe(digest);
    });
    it.each(given.signatures)('signs $method $path?$query by $signer', ({ method, path, query, hasBody, ...want }) => {
      const signer = signerFactory(want.signer)(given.secret);
      const text = stringToSign({
        ...given.request,
        method,
        path,
        query,
        bodyDigest: signer.digest(hasBody ? body : EMPTY),
      });
      expect(signer.sign(text)).toBe(want.sign);
    });
    it('agrees with the published SM2 signature, and verifies its own', () => {
      const key = sm2.generateKeyPairHex();
      const signer = signerFactory('SM2')(key.privateKey);
      const { method, path, sign, publicKey } = given.sm2;
      const text = stringToSign({ ...given.request, method, path, query: '', bodyDigest: signer.digest(body) });
      const options = { hash: true, der: false, userId: SM2_USER_ID };
      expect(sm2.doVerifySignature(text, sign, publicKey, options)).toBe(true);
      expect(sm2.doVerifySignature(text, signer.sign(text), key.publicKey, options)).toBe(true);
    });
  });

  describe('hashes and field encryption', () => {
    const given = vectors<HashVectors>(id, 'hashes');
    it.each(given.contentHashes)('content hash: $name', ({ content, hash }) => {
      expect(contentHashOf(content)).toBe(hash);
    });
    it('recordsHash, whatever the order of the lines', () => {
      expect(recordsHash(given.recordsHash.lines)).toBe(given.recordsHash.hash);
    });
    it('encrypts and decrypts one field', () => {
      const { keyHex, ivHex, plain, sent } = given.fieldEncryption;
      const codec = codecOf(profile, keyHex);
      expect(codec.encrypt(plain, Buffer.from(ivHex, 'hex'))).toBe(sent);
      expect(codec.decrypt(sent)).toBe(plain);
    });
  });

  describe('outgoing', () => {
    const given = vectors<OutgoingVectors>(id, 'outgoing');
    const gateway = createGateway({
      profile, clock, random, logger, baseUrl: 'http://127.0.0.1:1', appKey: 'k', appSecret: 's', fieldKeyHex: given.fieldKeyHex,
    }); // prettier-ignore

    it.each(given.vectors)('$name', ({ item, expect: want }) => {
      warnings.length = 0;
      const call = gateway.prepare([item], null);
      expect(call.path).toBe(want.path);
      expect(decrypted(profile, call, given.fieldKeyHex)).toEqual(want.item);
      expect(warnings).toEqual([]);
      const hash = call.contentHashes.get(item.bizNo);
      expect(hash).toBe(item.op === 'VOID' ? null : contentHashOf(want.item.data ?? {}));
      if (want.contentHash) expect(hash).toBe(want.contentHash);
    });

    it('sends every field of every binding in at least one vector, and none that is not bound', () => {
      for (const [kind, entity] of Object.entries(profile.spec.entities)) {
        if (entity === 'unsupported') continue;
        const sent = given.vectors
          .filter(({ item }) => item.kind === kind)
          .flatMap((v) => Object.keys(v.expect.item.data ?? {}));
        expect({ kind, fields: [...new Set(sent)].sort() }).toEqual({
          kind,
          fields: Object.keys(entity.fields).sort(),
        });
      }
    });
  });

  describe('replies', () => {
    const { nationalNow, vectors: replies } = vectors<{ nationalNow: string; vectors: ReplyVector[] }>(id, 'replies');
    const errors = compileErrorRules(profile.spec.errors);
    const outcomeOf = createOutcomeOf(profile.spec);
    const signer = signerFactory(profile.spec.signing.signer)('national-secret');

    it.each(replies)('$rule: $name', async ({ envelope, text, http, isWrite, isBatch, isSigned, kind, ...want }) => {
      const body = Buffer.from(text ?? JSON.stringify(envelope), 'utf8');
      const code = String(
        envelope?.code ?? (JSON.parse(isSigned ? (text ?? '') : '{}') as { code?: string }).code ?? '',
      );
      const sign = signer.sign(`${REQUEST_ID}\n${code}\n${signer.digest(body)}`);
      const headers = isSigned ? { ...http.headers, 'x-resp-sign': sign } : http.headers;
      const reply = { status: 'reply', httpStatus: http.status, headers, body, sentAtMs: 0, receivedAtMs: 0 } as const;
      const context = { requestId: REQUEST_ID, isWrite, signers: [signer], isSigned: true };
      const read = await readReply(reply, context, { spec: profile.spec, errors });
      expect(read.verdict.ruleId).toBe(want.rule);
      const outcome = outcomeOf(read.spoken, read.verdict, { kind, isBatch, nationalNowMs: Date.parse(nationalNow) });
      expect(outcome).toMatchObject(want.expect);
    });

    it('reaches every error rule', () => {
      const rules = [
        ...Object.keys(profile.spec.errors.codes).map((code) => `code:${code}`),
        ...profile.spec.errors.messages.map((rule) => `message:${rule.id}`),
        ...profile.spec.errors.http.map((rule) => `http:${rule.id}`),
        'default',
      ];
      const reached = new Set(replies.map((reply) => reply.rule));
      expect(rules.filter((rule) => !reached.has(rule))).toEqual([]);
    });
  });
});

function codecOf(
  profile: Profile,
  keyHex: string,
): ReturnType<NonNullable<ReturnType<typeof fieldCodecFactories.get>>> {
  const factory = fieldCodecFactories.get('sm4');
  if (!factory) throw new Error('no sm4 codec');
  return factory({ keyHex, prefix: profile.spec.encryption.prefix });
}

/** The sent item as the nation opens it; a field of an encrypted format that came in plain text fails here. */
function decrypted(profile: Profile, call: PreparedCall, keyHex: string): NationalItem {
  const item = JSON.parse(call.body.toString('utf8')) as NationalItem;
  const entity = profile.spec.entities[call.kind];
  if (!item.data || !entity || entity === 'unsupported') return item;
  for (const [field, value] of Object.entries(item.data)) {
    if (entity.fields[field]?.format !== 'sm4') continue;
    if (typeof value !== 'string' || !value.startsWith(profile.spec.encryption.prefix))
      throw new Error(`${field} is plain`);
    item.data[field] = codecOf(profile, keyHex).decrypt(value);
  }
  return item;
}
