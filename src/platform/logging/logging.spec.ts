import { createLogger, NestLogger, type LoggerOptions } from './index.js';

type Line = Record<string, unknown> & { err?: Record<string, unknown> };

function recording(level: LoggerOptions['level'] = 'info') {
  const texts: string[] = [];
  const logger = createLogger({ level, role: 'api', stream: { write: (text: string) => texts.push(text) } });
  return { logger, texts, last: (): Line => JSON.parse(texts.at(-1) ?? '{}') as Line };
}

const thrown = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

describe('the logger', () => {
  it('writes one JSON line with level, time and role', () => {
    const { logger, last } = recording();
    logger.info({ traceId: 't-1', status: 201, dueAt: new Date(0) }, 'request');
    expect(last()).toMatchObject({ level: 'info', role: 'api', traceId: 't-1', status: 201, msg: 'request' });
    expect(last().dueAt).toBe('1970-01-01T00:00:00.000Z');
    expect(Date.parse(String(last().time))).toBeGreaterThan(0);
  });

  it('leaves out every field that is not on the list, and names it', () => {
    const { logger, texts, last } = recording();
    const fields = {
      code: 'X',
      name: '测试甲',
      body: { idNo: '1' },
      authorization: 'Bearer s3cret',
      'x-sign': 's3cret',
    };
    logger.warn(fields, 'odd');
    expect(last()).toMatchObject({ code: 'X', dropped: ['name', 'body', 'authorization', 'x-sign'] });
    expect(texts.join('')).not.toMatch(/测试甲|s3cret/);
  });

  it('shows a trace id whole, also one that holds the digits of a mobile number; anything else under that name is masked', () => {
    const { logger, last } = recording();
    const traceId = '84d68d7db6cb4ffad13812345678a431';
    logger.info({ traceId }, 'request');
    expect(last().traceId).toBe(traceId);
    logger.info({ traceId: 'call 13812345678' }, 'request');
    expect(last().traceId).toBe('call [number]');
  });

  it('lets no object through, also under an allowed name', () => {
    const { logger, last } = recording();
    logger.info({ reason: { idNo: '533421199001010014' } }, 'odd');
    expect(last()).toMatchObject({ dropped: ['reason'] });
  });

  it('masks numbers of persons and cuts query strings and long texts', () => {
    const { logger, last } = recording();
    logger.info(
      { reason: 'no 533421199001010014 or 13812345678', route: '/a?token=abc', code: 'x'.repeat(500) },
      'odd',
    );
    expect(last()).toMatchObject({ reason: 'no [number] or [number]', route: '/a?[query]' });
    expect(String(last().code)).toHaveLength(201);
  });

  it('hands fields down to its children under the same rule', () => {
    const { logger, last } = recording();
    logger.child({ room: 'ledger', mobile: '1' }).info({}, 'line');
    expect(last()).toMatchObject({ room: 'ledger', dropped: ['mobile'] });
  });

  it('keeps quiet below its level', () => {
    const { logger, texts } = recording('error');
    logger.info({}, 'request');
    expect(texts).toEqual([]);
  });
});

describe('errors in log lines', () => {
  it.each([
    ['DatabaseError', 'duplicate key (测试甲)', { code: '23505', constraint: 'volunteer_uk', table: 'record' }],
    ['AxiosError', 'Request failed 测试甲', { code: 'ERR_BAD_RESPONSE', response: { status: 502, data: '测试甲' } }],
    ['SyntaxError', 'Unexpected token 测试甲 in JSON', {}],
    ['Error', '测试甲 is unknown', {}],
  ])('a %s keeps codes and loses its message', (name, message, more) => {
    const { logger, texts, last } = recording();
    logger.error({ err: thrown(name, message, more) }, 'failed');
    expect(last().err).toMatchObject({
      name,
      at: expect.stringMatching(/^src\/platform\/logging\/logging\.spec/) as string,
    });
    expect(texts.join('')).not.toContain('测试甲');
  });

  it('shows SQLSTATE, constraint and HTTP status', () => {
    const { logger, last } = recording();
    logger.error({ err: thrown('DatabaseError', 'm', { code: '23505', constraint: 'uk', table: 't' }) }, 'failed');
    expect(last().err).toMatchObject({ code: '23505', constraint: 'uk', table: 't' });
    logger.error({ err: thrown('AxiosError', 'm', { response: { status: 502 } }) }, 'failed');
    expect(last().err).toMatchObject({ status: 502 });
  });

  it('keeps messages that are ours or the system’s, and the chain of causes', () => {
    const { logger, last } = recording();
    const refused = thrown('Error', 'connect ECONNREFUSED 127.0.0.1:5432', {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    logger.error({ err: thrown('CodedError', 'BUSY', { code: 'BUSY', cause: refused }) }, 'failed');
    expect(last().err).toMatchObject({ message: 'BUSY', cause: { message: refused.message, code: 'ECONNREFUSED' } });
  });

  it('shows the whole stack in debug only', () => {
    const [info, debug] = [recording('info'), recording('debug')];
    for (const { logger } of [info, debug]) logger.error({ err: thrown('Error', '测试甲') }, 'failed');
    expect(info.last().err).not.toHaveProperty('stack');
    expect(debug.last().err?.stack).toEqual(expect.arrayContaining([expect.stringContaining('logging.spec')]));
    expect(debug.texts.join('')).not.toContain('测试甲');
  });

  it('takes whatever was thrown', () => {
    const { logger, last } = recording();
    logger.error({ err: '测试甲' }, 'failed');
    expect(last().err).toEqual({ name: 'thrown string' });
  });
});

describe('the logger of Nest', () => {
  it('repeats no message of an error', () => {
    const { logger, texts, last } = recording();
    new NestLogger(logger).error(
      thrown('QueryFailedError', '测试甲', { code: '23505' }),
      'stack\n测试甲',
      'Exceptions',
    );
    expect(last()).toMatchObject({ context: 'Exceptions', err: { name: 'QueryFailedError', code: '23505' } });
    new NestLogger(logger).error('测试甲 went wrong', 'Exceptions');
    expect(texts.join('')).not.toContain('测试甲');
  });
});
