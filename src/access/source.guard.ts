import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { beforeReply } from '../platform/http/index.js';
import { Admission } from './admission.js';
import { Authenticator } from './authenticate.js';
import type { SourceSystem } from './source-directory.js';

const callers = new WeakMap<FastifyRequest, SourceSystem>();
const NO_BODY = Buffer.alloc(0);

/** Lets in authenticated source systems within their limits; `callerOf` then says who it is. */
@Injectable()
export class SourceGuard implements CanActivate {
  constructor(
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(Admission) private readonly admission: Admission,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const system = await this.authenticator.authenticate({
      method: request.method,
      target: request.raw.url ?? '',
      headers: request.headers,
      body: Buffer.isBuffer(request.body) ? request.body : NO_BODY,
    });
    beforeReply(request, await this.admission.admit(system));
    callers.set(request, system);
    return true;
  }
}

/** The source system behind a request that SourceGuard let in. */
export function callerOf(request: FastifyRequest): SourceSystem {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error('a route without SourceGuard asked for its caller');
  return caller;
}
