import helmet from '@fastify/helmet';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_CONTENT_TYPE } from '../errors/index.js';
import { installBeforeReply } from './before-reply.js';
import { CallRefusal } from './call-refusal.js';
import type { HttpLog } from './http-log.js';
import { KnownRoutes } from './known-routes.js';
import { Peers } from './peers.js';
import { ProblemFilter } from './problem.filter.js';
import type { ProblemWords } from './problem.js';
import { traceIdOf } from './trace.js';

/** 5 MiB before any compression (G-26). */
export const MAX_BODY_BYTES = 5_242_880;
/** Slow clients (S61): head and whole request must arrive within these. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 60_000;
const TIMEOUT_CHECK_MS = 5_000;
const KEEP_ALIVE_MS = 72_000;
/** Calls in progress at a stop get this long; then their connections are cut, so that a stop ends within 10 s (G-80). */
const STOP_GRACE_MS = 4_000;
/** 64 characters of a sourceId, each perhaps percent-encoded, and room for a code that is no sourceId. */
const MAX_PARAM_LENGTH = 512;
const RAW_TYPES = ['application/json', 'application/x-ndjson'];

export interface HttpFaceOptions {
  readonly settings: { readonly trustedProxies: readonly string[]; readonly allowPlainHttp: boolean };
  readonly words: ProblemWords;
  readonly log: HttpLog;
}

export interface HttpFace {
  readonly adapter: FastifyAdapter;
  /** For `app.useGlobalFilters`. */
  readonly filter: ProblemFilter;
}

/** Nest's own body parsers would take the raw bytes away, which signatures are computed over. */
class RawBodyAdapter extends FastifyAdapter {
  override registerParserMiddleware(): void {
    // The parsers are those of `keepRawBodies`.
  }
}

/**
 * The HTTP side of an api process, up to but without its routes.
 * Bodies of JSON and NDJSON arrive in the controllers as the Buffer that was sent.
 */
export function createHttpFace(options: HttpFaceOptions): HttpFace {
  const { settings, words, log } = options;
  const routes = new KnownRoutes();
  const filter = new ProblemFilter(words, routes, log);
  const adapter = new RawBodyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: [...settings.trustedProxies],
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    genReqId: (request: IncomingMessage) => traceIdOf(single(request.headers.traceparent)),
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      filter.answer(error, request, reply),
    clientErrorHandler: answerBrokenRequest,
  });
  const instance = adapter.getInstance<FastifyInstance>();
  routes.watch(instance);
  installGate(instance, new Peers(settings.trustedProxies, settings.allowPlainHttp));
  installBeforeReply(instance);
  installRequestLog(instance, log);
  keepRawBodies(instance);
  boundStop(instance);
  adapter.register(helmet as never, HELMET);
  return { adapter, filter };
}

/** Pages of ours load nothing from elsewhere; whether they come over TLS is the proxy's business (G-01). */
const HELMET = {
  contentSecurityPolicy: {
    directives: {
      defaultSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      upgradeInsecureRequests: null,
    },
  },
};

const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.at(-1) : header;

/** What can be refused before the body is read. */
function installGate(instance: FastifyInstance, peers: Peers): void {
  instance.addHook('onRequest', (request, reply, done) => {
    void reply.header('Cache-Control', 'no-store');
    const { headers, raw } = request;
    if (!peers.mayEnter(raw.socket.remoteAddress, single(headers['x-forwarded-proto']))) {
      return done(new CallRefusal('TLS_REQUIRED'));
    }
    const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(headers['content-type'] ?? '')?.[1];
    const isForeign = charset !== undefined && !/^utf-?8$/i.test(charset);
    if (isForeign || headers['content-encoding'] !== undefined) return done(new CallRefusal('UNSUPPORTED_MEDIA_TYPE'));
    return done();
  });
}

/** Closing waits for open calls; a client that never finishes its own must not hold up the stop. */
function boundStop(instance: FastifyInstance): void {
  instance.addHook('preClose', (done) => {
    setTimeout(() => instance.server.closeAllConnections(), STOP_GRACE_MS).unref();
    done();
  });
}

function keepRawBodies(instance: FastifyInstance): void {
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser(RAW_TYPES, { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
    done(null, body),
  );
}

/** One line per answer, with the route's pattern: no query, no body, no person's number in a path (S06). */
function installRequestLog(instance: FastifyInstance, log: HttpLog): void {
  instance.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? '(unknown)';
    const line = {
      traceId: request.id,
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    if (route.startsWith('/health')) log.debug(line, 'request');
    else log.info(line, 'request');
    done();
  });
}

/** Bytes that are no HTTP request have no route and no filter. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, title] = statusOfBroken(error.code);
  const body = JSON.stringify({
    type: 'about:blank',
    title,
    status,
    code: 'BAD_REQUEST',
    traceId: traceIdOf(undefined),
  });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${PROBLEM_CONTENT_TYPE}\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function statusOfBroken(code: string | undefined): [number, string] {
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'Request Header Fields Too Large'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'Request Timeout'];
  return [400, 'Bad Request'];
}
