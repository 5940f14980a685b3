import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CommitUnknownError, DatabaseUnavailableError, isConnectionError } from '../database/index.js';
import { CodedError, isCodedError, PROBLEM_CONTENT_TYPE } from '../errors/index.js';
import { CallRefusal } from './call-refusal.js';
import type { HttpLog } from './http-log.js';
import type { KnownRoutes } from './known-routes.js';
import { languageOf } from './language.js';
import { buildProblem, type ProblemWords } from './problem.js';

/** A database restart takes about this long; the client's own back-off does the rest. */
const RETRY_AFTER_SECONDS = 2;

/** Statuses of Fastify and Nest, in our codes. */
const CODE_OF_STATUS: Readonly<Record<number, string>> = {
  400: 'MALFORMED_JSON',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  408: 'UNAVAILABLE',
  413: 'TOO_LARGE',
  414: 'NOT_FOUND',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
  503: 'UNAVAILABLE',
};

const coded = (code: string): CodedError => new CodedError(code);
const unavailable = (): CodedError => new CodedError('UNAVAILABLE', { retryAfterSecs: RETRY_AFTER_SECONDS });

/** The one place where an exception becomes an answer (house §2.9). A 500 never shows a message (S59). */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly words: ProblemWords,
    private readonly routes: KnownRoutes,
    private readonly log: HttpLog,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const named = this.nameOf(error, request);
    const language = languageOf(request.headers['accept-language']);
    const { status, body } = buildProblem(this.words, named, { language, traceId: request.id });
    if (status >= 500) this.log.error({ traceId: request.id, err: error }, 'request failed');
    if (reply.sent) return;
    const retryAfter = named.retryAfterSecs === undefined ? {} : { 'Retry-After': String(named.retryAfterSecs) };
    void reply
      .code(status)
      .headers({ ...retryAfter, ...(named instanceof CallRefusal ? named.headers : {}), 'Content-Language': language })
      .type(PROBLEM_CONTENT_TYPE)
      .send(JSON.stringify(body));
  }

  private nameOf(error: unknown, request: FastifyRequest): CodedError {
    if (isCodedError(error)) return error;
    if (isUnavailable(error)) return unavailable();
    const status = statusOf(error);
    if (status === 404) return this.notFound(request);
    const code = CODE_OF_STATUS[status] ?? (status < 500 ? 'MALFORMED_JSON' : 'INTERNAL');
    return code === 'UNAVAILABLE' ? unavailable() : coded(code);
  }

  /** 405 with Allow when the path is known by another method (G-06). */
  private notFound(request: FastifyRequest): CodedError {
    const methods = this.routes.methodsOf(pathOf(request));
    if (methods.length === 0 || methods.includes(request.method)) return coded('NOT_FOUND');
    return new CallRefusal('METHOD_NOT_ALLOWED', { headers: { Allow: methods.join(', ') } });
  }
}

function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError || error instanceof CommitUnknownError) return true;
  // Errors of Fastify and Nest carry a status and speak of closed sockets and timeouts of their own.
  return statusOf(error) === 500 && isConnectionError(error);
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null) return 500;
  if (error instanceof HttpException) return error.getStatus();
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
}

const pathOf = (request: FastifyRequest): string => request.originalUrl.split('?', 1)[0] ?? '';
