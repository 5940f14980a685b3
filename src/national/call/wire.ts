import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import axios, { type AxiosInstance, type RawAxiosResponseHeaders } from 'axios';
import type { Clock } from '../ports.js';

/** One HTTP request as it leaves: nothing is added to it below this line except transport headers. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  readonly signal: AbortSignal;
}

/** A complete HTTP reply, whatever its status; the body is as sent, at most `maxBodyBytes`. */
export interface WireReply {
  readonly status: 'reply';
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

/** No complete reply. `mayHaveSent` decides between RETRY and AMBIG (§1.12: no bytes sent / bytes sent). */
export interface WireFault {
  readonly status: 'fault';
  readonly code: 'TRANSPORT' | 'DEADLINE' | 'NOT_ENVELOPE';
  /** Error code such as ECONNRESET; never the library's error object, which holds the request. */
  readonly reason: string;
  readonly mayHaveSent: boolean;
}

export interface WireSettings {
  readonly connectMs: number;
  readonly keepAliveIdleMs: number;
  readonly maxBodyBytes: number;
}

export interface Wire {
  send(request: WireRequest): Promise<WireReply | WireFault>;
}

interface SendWatch {
  mayHaveSent: boolean;
}

/**
 * HTTP/1.1 over kept-alive sockets. A request on a reused socket counts as sent at once: when the peer closes it in
 * that moment nobody can say whether bytes got through (F58).
 */
export function createWire(settings: WireSettings, clock: Clock): Wire {
  // The agent's `timeout` only drops idle sockets; lifo keeps few of them warm.
  const agentOptions = { keepAlive: true, scheduling: 'lifo', timeout: settings.keepAliveIdleMs } as const;
  const client = axios.create({
    adapter: 'http',
    httpAgent: new http.Agent(agentOptions),
    httpsAgent: new https.Agent(agentOptions),
    proxy: false,
    maxRedirects: 0,
    validateStatus: () => true,
    responseType: 'arraybuffer',
    decompress: false,
    maxContentLength: settings.maxBodyBytes,
    maxBodyLength: Infinity,
    transitional: { clarifyTimeoutError: true },
  });
  return { send: (request) => sendOnce(client, request, { settings, clock }) };
}

async function sendOnce(
  client: AxiosInstance,
  request: WireRequest,
  tools: { readonly settings: WireSettings; readonly clock: Clock },
): Promise<WireReply | WireFault> {
  const watch: SendWatch = { mayHaveSent: false };
  const sentAtMs = tools.clock.nowMs();
  try {
    const reply = await client.request<Buffer>({
      method: request.method,
      url: request.url,
      headers: { ...request.headers, 'Accept-Encoding': 'identity', Accept: 'application/json' },
      data: request.body ?? undefined,
      signal: request.signal,
      transport: watchedTransport(watch, tools.settings.connectMs),
    });
    return {
      status: 'reply',
      httpStatus: reply.status,
      headers: plainHeaders(reply.headers),
      body: Buffer.from(reply.data),
      sentAtMs,
      receivedAtMs: tools.clock.nowMs(),
    };
  } catch (error) {
    return faultOf(error, request.signal, watch);
  }
}

/** Wraps node's own request function, because only the socket tells whether bytes can have left. */
function watchedTransport(watch: SendWatch, connectMs: number): object {
  return {
    request: (options: https.RequestOptions, onReply: (reply: http.IncomingMessage) => void): http.ClientRequest => {
      const isSecure = options.protocol === 'https:';
      const request = (isSecure ? https : http).request(options, onReply);
      const timer = setTimeout(() => {
        if (!watch.mayHaveSent)
          request.destroy(Object.assign(new Error('no connection in time'), { code: 'ECONNSLOW' }));
      }, connectMs);
      request.once('socket', (socket: Socket) => {
        const sending = (): void => {
          watch.mayHaveSent = true;
          clearTimeout(timer);
        };
        if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', sending);
        else sending();
      });
      request.once('close', () => clearTimeout(timer));
      return request;
    },
  };
}

function plainHeaders(headers: RawAxiosResponseHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== null && value !== undefined) plain[name.toLowerCase()] = String(value);
  }
  return plain;
}

function faultOf(error: unknown, signal: AbortSignal, watch: SendWatch): WireFault {
  const { mayHaveSent } = watch;
  if (signal.aborted) return { status: 'fault', code: 'DEADLINE', reason: 'DEADLINE', mayHaveSent };
  const code = axios.isAxiosError(error) ? error.code : undefined;
  const isTooLarge = axios.isAxiosError(error) && error.message.includes('maxContentLength');
  if (isTooLarge) return { status: 'fault', code: 'NOT_ENVELOPE', reason: 'TOO-LARGE', mayHaveSent: true };
  return { status: 'fault', code: 'TRANSPORT', reason: code ?? 'UNKNOWN', mayHaveSent };
}
