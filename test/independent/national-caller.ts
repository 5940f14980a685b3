/** A minimal signed caller of the national side, for the pair's own tests (§1.2). */
import { randomBytes, randomUUID } from 'node:crypto';
import { isObject, parseJson, type HmacMethod, type Json, type JsonObject } from './canonical.js';
import { signReply, signRequest } from './national/wire.js';

export interface CallerOptions {
  baseUrl: string;
  appKey?: string;
  secret?: string;
  method?: HmacMethod;
}

export interface Envelope {
  status: number;
  code: string;
  message: string;
  data: JsonObject;
  detail: JsonObject;
  signed: boolean;
}

export class NationalCaller {
  token = '';

  constructor(private readonly options: CallerOptions) {}

  async login(): Promise<void> {
    this.token = '';
    const reply = await this.post('/gw/v1/auth/token', { grant: 'app' });
    this.token = String(reply.data.accessToken);
  }

  post(path: string, body: Json, overrides: Record<string, string> = {}): Promise<Envelope> {
    return this.call('POST', path, { body: Buffer.from(JSON.stringify(body)), overrides });
  }

  get(target: string): Promise<Envelope> {
    return this.call('GET', target, { body: Buffer.alloc(0), overrides: {} });
  }

  private async call(
    method: string,
    target: string,
    what: { body: Buffer; overrides: Record<string, string> },
  ): Promise<Envelope> {
    const { secret, signing } = this.credentials;
    const headers = this.headers(method, target, what);
    for (const name of Object.keys(headers)) if (headers[name] === '') delete headers[name];
    const init: RequestInit = { method, headers };
    if (method === 'POST') init.body = new Uint8Array(what.body);
    const reply = await fetch(this.options.baseUrl + target, init);
    const bytes = Buffer.from(await reply.arrayBuffer());
    const text = bytes.toString('utf8');
    const json = text.startsWith('{') ? parseJson(text) : {};
    const body: JsonObject = isObject(json) ? json : {};
    const code = String(body.code ?? '');
    const wanted = signReply(signing, secret, { requestId: headers['X-Request-Id'] ?? '', code, body: bytes });
    return {
      status: reply.status,
      code,
      message: String(body.message ?? ''),
      data: isObject(body.data) ? body.data : {},
      detail: isObject(body.detail) ? body.detail : {},
      signed: reply.headers.get('x-resp-sign') === wanted,
    };
  }

  private headers(
    method: string,
    target: string,
    what: { body: Buffer; overrides: Record<string, string> },
  ): Record<string, string> {
    const { appKey, secret, signing } = this.credentials;
    const [path = '', query = ''] = target.split('?');
    const headers: Record<string, string> = {
      'X-App-Key': appKey,
      'X-Access-Token': this.token,
      'X-Timestamp': String(Date.now()),
      'X-Nonce': randomBytes(16).toString('hex'),
      'X-Sign-Method': signing,
      'X-Request-Id': randomUUID(),
      'X-Contract': 'ref-v1',
      ...what.overrides,
    };
    headers['X-Sign'] ??= signRequest(signing, secret, {
      method,
      path,
      query,
      appKey: String(headers['X-App-Key']),
      timestamp: String(headers['X-Timestamp']),
      nonce: String(headers['X-Nonce']),
      token: String(headers['X-Access-Token']),
      body: what.body,
    });
    return headers;
  }

  private get credentials(): { appKey: string; secret: string; signing: HmacMethod } {
    const { appKey = 'vgw-demo-530000', secret = 'vgw-demo-secret-0001', method = 'HMAC-SHA256' } = this.options;
    return { appKey, secret, signing: method };
  }
}
