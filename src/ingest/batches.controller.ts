import { Controller, HttpCode, Inject, Post, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { callerOf, SourceGuard } from '../access/index.js';
import { languageOf } from '../platform/http/index.js';
import { INTAKE } from '../platform/tokens.js';
import type { Intake } from './intake.types.js';
import { readMode, readQuery } from './query-parameters.js';
import { readJsonBatch, readNdjsonBatch } from './raw-items.js';
import { bodyOf, isNdjson } from './request-body.js';
import { valueOf, wordedBatch } from './wording.js';

@Controller('api/v1/batches')
@UseGuards(SourceGuard)
export class BatchesController {
  constructor(@Inject(INTAKE) private readonly intake: Intake) {}

  /** Good items are taken, bad ones refused each with its reasons (station-contract §2). */
  @Post()
  @HttpCode(200)
  async push(@Req() request: FastifyRequest): Promise<object> {
    const language = languageOf(request.headers['accept-language']);
    const query = valueOf(readQuery(request.query, ['mode']), language);
    const mode = valueOf(readMode(query.mode), language);
    const body = bodyOf(request);
    const items = valueOf(isNdjson(request) ? readNdjsonBatch(body) : readJsonBatch(body), language);
    return wordedBatch(await this.intake.push(callerOf(request), items, { mode }), items, language);
  }
}
