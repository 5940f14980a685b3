import axios, { type AxiosInstance } from 'axios';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import type { NationalGateway, OutgoingItem } from '../../national/index.js';
import { loadSettings } from '../../platform/config/index.js';
import type { Environment } from '../programs.js';

const TOKEN_PATH = '/gw/v1/auth/token';
const METHOD = 'HMAC-SHA256';
const NONCE_BYTES = 16;

interface Keys {
  readonly baseUrl: string;
  readonly appKey: string;
  readonly secret: string;
  readonly contract: string;
}

function keysOf(env: Environment): Keys {
  const { nationalBaseUrl, nationalAppKey, nationalAppSecret, nationalProfile } = loadSettings(env);
  return {
    baseUrl: nationalBaseUrl ?? '', appKey: nationalAppKey ?? '', secret: nationalAppSecret ?? '',
    contract: nationalProfile,
  }; // prettier-ignore
}

/** Headers of national-contract §1.2. */
function signed({ appKey, secret, contract }: Keys, path: string, body: Buffer, token: string): Record<string, string> {
  const timestamp = String(Date.now());
  const nonce = randomBytes(NONCE_BYTES).toString('hex');
  const digest = createHash('sha256').update(body).digest('hex');
  const text = ['POST', path, '', appKey, timestamp, nonce, token, digest].join('\n');
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'X-App-Key': appKey,
    'X-Access-Token': token,
    'X-Timestamp': timestamp,
    'X-Nonce': nonce,
    'X-Sign-Method': METHOD,
    'X-Sign': createHmac('sha256', secret).update(text).digest('base64'),
    'X-Request-Id': randomBytes(NONCE_BYTES).toString('hex'),
    'X-Contract': contract,
  };
}

/** One POST per record; a reply in the two hundreds is a success, whatever it says. */
export class PlainClient {
  private readonly http: AxiosInstance;
  private readonly keys: Keys;
  private token: Promise<string> | null = null;

  /** `gateway` only puts the body together: fields, encryption. */
  constructor(
    env: Environment,
    private readonly gateway: Pick<NationalGateway, 'prepare'>,
    deadlineMs: number,
  ) {
    this.keys = keysOf(env);
    this.http = axios.create({
      baseURL: this.keys.baseUrl,
      timeout: deadlineMs,
      httpAgent: new Agent({ keepAlive: true }),
      proxy: false,
    });
  }

  async send(item: OutgoingItem): Promise<void> {
    const { path, body } = this.gateway.prepare([item], null);
    const token = await this.signIn();
    await this.http.post(path, body, { headers: signed(this.keys, path, body, token) });
  }

  /** Once: a token of the simulator lives longer than the benchmark. */
  signIn(): Promise<string> {
    this.token ??= this.askToken().catch((error: unknown) => {
      this.token = null;
      throw error;
    });
    return this.token;
  }

  private async askToken(): Promise<string> {
    const body = Buffer.from('{"grant":"app"}', 'utf8');
    const headers = signed(this.keys, TOKEN_PATH, body, '');
    const { data } = await this.http.post<{ data: { accessToken: string } }>(TOKEN_PATH, body, { headers });
    return data.data.accessToken;
  }
}
