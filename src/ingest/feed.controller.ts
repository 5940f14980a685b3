import { Controller, Get, Inject, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { callerOf, SourceGuard } from '../access/index.js';
import { LedgerReader, wordedEvent } from '../ledger/index.js';
import { CodedError } from '../platform/errors/index.js';
import { languageOf } from '../platform/http/index.js';
import { readCursor, readLimit, readQuery, writeCursor } from './query-parameters.js';
import { valueOf } from './wording.js';

/** What happened to the caller's records, and how they stand as a whole (station-contract §4). */
@Controller('api/v1')
@UseGuards(SourceGuard)
export class FeedController {
  constructor(@Inject(LedgerReader) private readonly reader: LedgerReader) {}

  /** G-65. */
  @Get('changes')
  async changes(@Req() request: FastifyRequest): Promise<object> {
    const language = languageOf(request.headers['accept-language']);
    const query = valueOf(readQuery(request.query, ['cursor', 'limit']), language);
    const after = valueOf(readCursor(query.cursor), language);
    const limit = valueOf(readLimit(query.limit), language);
    const answer = await this.reader.changes(callerOf(request).id, after, limit);
    if (answer.isExpired) throw new CodedError('CURSOR_EXPIRED');
    const { events, next, hasMore } = answer;
    return { events: events.map(wordedEvent), nextCursor: writeCursor(next), hasMore };
  }

  /** G-64. */
  @Get('summary')
  async summary(@Req() request: FastifyRequest): Promise<object> {
    valueOf(readQuery(request.query, []), languageOf(request.headers['accept-language']));
    const { asOf, kinds } = await this.reader.summary(callerOf(request).id);
    return { asOf: asOf.toISOString(), kinds };
  }
}
