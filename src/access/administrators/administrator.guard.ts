import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CallRefusal } from '../../platform/http/index.js';
import { Administrators, type Actor } from './administrators.js';

const actors = new WeakMap<FastifyRequest, Actor>();

/** Lets in administrators by their token; `actorOf` then says who it is. */
@Injectable()
export class AdministratorGuard implements CanActivate {
  constructor(@Inject(Administrators) private readonly administrators: Administrators) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const actor = await this.administrators.ofHeader(request.headers.authorization);
    if (actor === null) {
      throw new CallRefusal('ADMIN_UNAUTHENTICATED', { headers: { 'WWW-Authenticate': 'Bearer' } });
    }
    actors.set(request, actor);
    return true;
  }
}

/** The administrator behind a request that AdministratorGuard let in. */
export function actorOf(request: FastifyRequest): Actor {
  const actor = actors.get(request);
  if (actor === undefined) throw new Error('a route without AdministratorGuard asked for its actor');
  return actor;
}
