import type { FastifyRequest } from 'fastify';

const EMPTY = Buffer.alloc(0);

/** The bytes that were sent; a request without a body has none, which is no JSON. */
export const bodyOf = (request: FastifyRequest): Buffer => (Buffer.isBuffer(request.body) ? request.body : EMPTY);

export const isNdjson = (request: FastifyRequest): boolean =>
  /^application\/x-ndjson\b/i.test(request.headers['content-type'] ?? '');
