import { Controller, Get, HttpCode, Inject, Param, Post, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { actorOf, AdministratorGuard } from '../access/index.js';
import { bodyOf, cursorOf, limitOf, queryOf, statesOf } from './admin-request.js';
import { maybeReasonSchema, reasonSchema } from './admin-schemas.js';
import { ProblemDesk } from './problem-desk.js';
import { ReplayDesk } from './replay-desk.js';

const VIA = 'api';
const OK = 200;

/** Problems, for administrators (issue 3 §6). */
@Controller('api/v1/admin/problems')
@UseGuards(AdministratorGuard)
export class ProblemsController {
  constructor(
    @Inject(ProblemDesk) private readonly problems: ProblemDesk,
    @Inject(ReplayDesk) private readonly replays: ReplayDesk,
  ) {}

  @Get()
  async list(@Req() request: FastifyRequest): Promise<object> {
    const { state } = queryOf(request, ['state']);
    return { problems: await this.problems.list(actorOf(request), statesOf(request, state)) };
  }

  @Get(':id')
  async show(@Req() request: FastifyRequest, @Param('id') id: string): Promise<object> {
    queryOf(request, []);
    return this.problems.show(actorOf(request), id);
  }

  @Get(':id/items')
  async items(@Req() request: FastifyRequest, @Param('id') id: string): Promise<object> {
    const { cursor, limit } = queryOf(request, ['cursor', 'limit']);
    const page = { after: cursorOf(request, cursor), limit: limitOf(request, limit) };
    return this.problems.items(actorOf(request), id, page);
  }

  @Post(':id/acknowledge')
  @HttpCode(OK)
  async acknowledge(@Req() request: FastifyRequest, @Param('id') id: string): Promise<object> {
    const { reason } = bodyOf(request, maybeReasonSchema);
    return this.problems.act(actorOf(request), id, 'acknowledge', { via: VIA, reason: reason ?? null });
  }

  @Post(':id/resolve')
  @HttpCode(OK)
  async resolve(@Req() request: FastifyRequest, @Param('id') id: string): Promise<object> {
    const { reason } = bodyOf(request, reasonSchema);
    return this.problems.act(actorOf(request), id, 'resolve', { via: VIA, reason });
  }

  @Post(':id/close')
  @HttpCode(OK)
  async close(@Req() request: FastifyRequest, @Param('id') id: string): Promise<object> {
    const { reason } = bodyOf(request, reasonSchema);
    return this.problems.act(actorOf(request), id, 'close', { via: VIA, reason });
  }

  @Post(':id/replays')
  @HttpCode(OK)
  async plan(@Req() request: FastifyRequest, @Param('id') id: string): Promise<object> {
    const { reason } = bodyOf(request, reasonSchema);
    return this.replays.plan(actorOf(request), id, { reason, via: VIA });
  }
}

/** Replays, for administrators: plan (at the problem) → approve → run → account. */
@Controller('api/v1/admin/replays')
@UseGuards(AdministratorGuard)
export class ReplaysController {
  constructor(@Inject(ReplayDesk) private readonly replays: ReplayDesk) {}

  @Get()
  async list(@Req() request: FastifyRequest): Promise<object> {
    const { problem } = queryOf(request, ['problem']);
    return { replays: await this.replays.list(actorOf(request), problem ?? null) };
  }

  @Get(':id')
  async show(@Req() request: FastifyRequest, @Param('id') id: string): Promise<object> {
    queryOf(request, []);
    return this.replays.show(actorOf(request), id);
  }

  @Post(':id/approve')
  @HttpCode(OK)
  approve(@Req() request: FastifyRequest, @Param('id') id: string): Promise<object> {
    return this.replays.approve(actorOf(request), id, VIA);
  }

  @Post(':id/run')
  @HttpCode(OK)
  run(@Req() request: FastifyRequest, @Param('id') id: string): Promise<object> {
    return this.replays.run(actorOf(request), id, VIA);
  }

  @Post(':id/pause')
  @HttpCode(OK)
  pause(@Req() request: FastifyRequest, @Param('id') id: string): Promise<object> {
    return this.replays.pause(actorOf(request), id, VIA);
  }

  @Post(':id/stop')
  @HttpCode(OK)
  stop(@Req() request: FastifyRequest, @Param('id') id: string): Promise<object> {
    return this.replays.stop(actorOf(request), id, VIA);
  }
}
