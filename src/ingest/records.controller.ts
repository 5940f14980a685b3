import { Controller, Delete, Get, HttpCode, Inject, Optional, Param, Put, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, SourceGuard } from '../access/index.js';
import { LedgerReader, type RecordStatus } from '../ledger/index.js';
import { CodedError } from '../platform/errors/index.js';
import { languageOf } from '../platform/http/index.js';
import { INTAKE } from '../platform/tokens.js';
import { recordKind } from '../records/index.js';
import { CERTIFICATE_FILES, noCertificateFiles, type CertificateFiles } from './certificate-files.js';
import type { Intake } from './intake.types.js';
import { readMode, readQuery } from './query-parameters.js';
import { deleteItem, readPutItem } from './raw-items.js';
import { bodyOf, isNdjson } from './request-body.js';
import { valueOf, wordedSingle, wordedStatus } from './wording.js';

const SOURCE_ID = /^[0-9A-Za-z._-]{1,64}$/;
/** The one kind that ends in a document (station-contract §4). */
const KIND_WITH_FILE = 'certificate-request';

interface Named {
  kind: string;
  sourceId: string;
}

@Controller('api/v1/records/:kind/:sourceId')
@UseGuards(SourceGuard)
export class RecordsController {
  constructor(
    @Inject(INTAKE) private readonly intake: Intake,
    @Inject(LedgerReader) private readonly reader: LedgerReader,
    @Optional() @Inject(CERTIFICATE_FILES) private readonly files: CertificateFiles = noCertificateFiles,
  ) {}

  /** G-21. */
  @Put()
  @HttpCode(200)
  async put(@Req() request: FastifyRequest, @Param() { kind, sourceId }: Named): Promise<object> {
    const language = languageOf(request.headers['accept-language']);
    const query = valueOf(readQuery(request.query, ['mode']), language);
    const mode = valueOf(readMode(query.mode), language);
    if (isNdjson(request)) throw new CodedError('UNSUPPORTED_MEDIA_TYPE');
    const item = valueOf(readPutItem(bodyOf(request), kind, sourceId), language);
    return wordedSingle(await this.intake.push(callerOf(request), [item], { mode }), language);
  }

  /** G-20. */
  @Delete()
  @HttpCode(200)
  async remove(@Req() request: FastifyRequest, @Param() { kind, sourceId }: Named): Promise<object> {
    const language = languageOf(request.headers['accept-language']);
    const { mode: modeName, ...query } = valueOf(readQuery(request.query, ['mode', 'reason', 'revision']), language);
    const mode = valueOf(readMode(modeName), language);
    const item = deleteItem(kind, sourceId, query);
    return wordedSingle(await this.intake.push(callerOf(request), [item], { mode }), language);
  }

  @Get()
  async status(@Req() request: FastifyRequest, @Param() named: Named): Promise<object> {
    const language = languageOf(request.headers['accept-language']);
    valueOf(readQuery(request.query, []), language);
    return wordedStatus(await this.find(request, named), language);
  }

  /** G-72. */
  @Get('file')
  async file(@Req() request: FastifyRequest, @Param() named: Named, @Res() reply: FastifyReply): Promise<void> {
    valueOf(readQuery(request.query, []), languageOf(request.headers['accept-language']));
    if (named.kind !== KIND_WITH_FILE) throw new CodedError('NOT_FOUND');
    const { recordId } = await this.find(request, named);
    const document = await this.files.find(recordId);
    if (document === null) throw new CodedError('NOT_ISSUED');
    await reply.code(200).type('application/pdf').send(document);
  }

  /** Another source system's record is as if it did not exist (G-73); so is one that was only ever refused (G-30). */
  private async find(request: FastifyRequest, { kind, sourceId }: Named): Promise<RecordStatus> {
    const isPossible = recordKind(kind) !== undefined && SOURCE_ID.test(sourceId);
    const status = isPossible ? await this.reader.status(callerOf(request).id, kind, sourceId) : null;
    if (status === null) throw new CodedError('NOT_FOUND');
    return status;
  }
}
