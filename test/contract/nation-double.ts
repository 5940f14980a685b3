import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createGateway } from '../../src/national/create-gateway.js';
import type { NationalGateway, OutgoingItem } from '../../src/national/gateway.js';
import { signerFactory } from '../../src/national/plugins/plugin-registry.js';
import { loadProfile, type Profile } from '../../src/national/profile/profile-loader.js';
import { projectRoot } from '../../src/platform/config/index.js';

/** A scripted national side on a real socket: it knows headers and signatures, and nothing of rules. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Saying {
  readonly code: string;
  readonly message?: string;
  readonly payload?: object;
  readonly detail?: object;
  readonly status?: number;
  /** Secret that signs the reply; null = no signature. */
  readonly secret?: string | null;
  readonly serverTimeMs?: number;
  /** Re-encoding of the signed bytes for the way. */
  readonly encode?: (bytes: Buffer) => Buffer;
  /** Text → bytes before signing (charset). */
  readonly write?: (text: string) => Buffer;
}

export type Script = (seen: Seen, reply: ServerResponse) => void | Promise<void>;

export const SECRET = 'vgw-demo-secret-0001';
const signer = (secret: string): ReturnType<ReturnType<typeof signerFactory>> => signerFactory('HMAC-SHA256')(secret);

export function envelopeBytes(saying: Saying): Buffer {
  const { code, message = '…', payload = {}, detail } = saying;
  const text = JSON.stringify({ code, message, traceId: 'n-1', data: payload, ...(detail ? { detail } : {}) });
  return saying.write ? saying.write(text) : Buffer.from(text, 'utf8');
}

export function say(seen: Seen, reply: ServerResponse, saying: Saying): void {
  const bytes = envelopeBytes(saying);
  const secret = saying.secret === undefined ? SECRET : saying.secret;
  reply.statusCode = saying.status ?? 200;
  reply.setHeader('Content-Type', 'application/json; charset=utf-8');
  reply.setHeader('X-Server-Time', String(saying.serverTimeMs ?? Date.now()));
  if (secret !== null) {
    const by = signer(secret);
    reply.setHeader(
      'X-Resp-Sign',
      by.sign(`${String(seen.headers['x-request-id'])}\n${saying.code}\n${by.digest(bytes)}`),
    );
  }
  reply.end(saying.encode ? saying.encode(bytes) : bytes);
}

export class NationDouble {
  readonly seen: Seen[] = [];
  private readonly server = createServer((request, reply) => void this.take(request, reply));
  private scripts = new Map<string, Script>();
  private tokensIssued = 0;
  /** What a token call says; replaced by specs about tokens. */
  token: Script = (seen, reply) => say(seen, reply, { code: '0000', payload: this.nextToken() });

  nextToken(): object {
    this.tokensIssued += 1;
    return { accessToken: `t-${this.tokensIssued}`, expiresInSec: 1800, keyVersion: 1 };
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** `path` after /gw/v1/. */
  on(path: string, script: Script): this {
    this.scripts.set(`/gw/v1/${path}`, script);
    return this;
  }

  count(path: string): number {
    return this.seen.filter((one) => one.path === `/gw/v1/${path}`).length;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async take(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const seen = { method: request.method ?? '', path, query, headers: request.headers, body: Buffer.concat(chunks) };
    this.seen.push(seen);
    const script = path === '/gw/v1/auth/token' ? this.token : this.scripts.get(path);
    if (script) await script(seen, reply);
    else reply.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found');
  }
}

/** The profile with short waits, so that specs about waiting do not. */
export function quickProfile(changes: Partial<Profile['spec']> = {}): Profile {
  const profile = loadProfile({ profilesDir: join(projectRoot(__dirname), 'config/national'), id: 'ref-v1' });
  const { transport, credentials } = profile.spec;
  const deadlineMs = { write: 1_500, read: 1_500, token: 1_500, time: 1_500 };
  const spec = {
    ...profile.spec,
    transport: { ...transport, deadlineMs },
    credentials: { ...credentials, displacedJitterMs: 2 },
    ...changes,
  };
  return { ...profile, spec };
}

/** Everything that was logged, as text: specs search it for what must not be there. */
export const logged: string[] = [];
const log = (fields: object, message: string): void => void logged.push(`${message} ${JSON.stringify(fields)}`);

export function gatewayTo(baseUrl: string, changes: { profile?: Profile; appSecret?: string } = {}): NationalGateway {
  let counter = 0;
  return createGateway({
    profile: changes.profile ?? quickProfile(),
    baseUrl,
    appKey: 'vgw-demo-530000',
    appSecret: changes.appSecret ?? SECRET,
    fieldKeyHex: '0123456789abcdeffedcba9876543210',
    clock: { nowMs: () => Date.now() },
    random: {
      bytes: (count) => {
        const bytes = Buffer.alloc(count);
        counter += 1;
        bytes.writeUInt32BE(counter, Math.max(0, count - 4));
        return bytes;
      },
    },
    logger: { info: log, warn: log, error: log },
  });
}

export const trainingItem = (bizNo: string): OutgoingItem => ({
  kind: 'training',
  bizNo,
  version: 1,
  op: 'UPSERT',
  reason: null,
  data: { name: '急救知识培训', content: '心肺复苏', minutes: 60, hostUnit: '测试红十字会', heldOn: '2026-11-10' },
  refs: { volunteerBizNo: 'YN-VO-1' },
});

export const volunteerItem = (bizNo: string): OutgoingItem => ({
  kind: 'volunteer',
  bizNo,
  version: 1,
  op: 'UPSERT',
  reason: null,
  data: {
    name: '测试丙', idType: '01', idNo: '53340119900101001X', gender: '2', birthDate: '1990-01-01', mobile: '13800000000',
    serviceAreaCode: '533401000000', residenceAreaCode: '533401000000', consent: { at: '2026-11-01T08:00:00+08:00' },
    joinedOn: '2026-11-01', status: 'ACTIVE',
  }, // prettier-ignore
  refs: {},
});
