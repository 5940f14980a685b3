import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ZodType } from 'zod';
import type { ShownAdministrator } from '../../../src/access/index.js';
import { catalogueWords, openApiDocument } from '../../../src/ingest/index.js';
import { systemClock } from '../../../src/platform/clock/index.js';
import { createHttpFace } from '../../../src/platform/http/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { createLogger } from '../../../src/platform/logging/index.js';
import { CLOCK, DATABASE, IDS, LOGGER, VAULT } from '../../../src/platform/tokens.js';
import {
  problemDetailSchema, problemItemsSchema, problemListSchema, replayListSchema, replaySchema,
} from '../../../src/problems/admin-schemas.js'; // prettier-ignore
import { ADMIN_SECURITY, adminPaths, ProblemsModule, ReplayRunner } from '../../../src/problems/index.js';
import { isRecord, openProblemsKit, refused, type ProblemsKit } from './problems-kit.js';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const silent = { debug: () => undefined, info: () => undefined, error: () => undefined };

async function openApi(kit: ProblemsKit): Promise<NestFastifyApplication> {
  const tokens = [
    { provide: DATABASE, useValue: kit.database },
    { provide: VAULT, useValue: kit.vault },
    { provide: CLOCK, useValue: systemClock },
    { provide: IDS, useValue: systemIds },
    { provide: LOGGER, useValue: createLogger({ level: 'silent', role: 'api' }) },
  ];
  @Global()
  @Module({ providers: tokens, exports: tokens })
  class PlatformModule {}
  @Module({ imports: [PlatformModule, ProblemsModule] })
  class TestApiModule {}
  const settings = { trustedProxies: [], allowPlainHttp: false };
  const face = createHttpFace({ settings, words: catalogueWords, log: silent });
  const app = await NestFactory.create<NestFastifyApplication>(TestApiModule, face.adapter, { logger: ['fatal'] });
  app.useGlobalFilters(face.filter);
  await app.listen(0, '127.0.0.1');
  return app;
}

/** Real HTTP and database; only the nation is in memory. */
describe('/api/v1/admin', () => {
  let kit: ProblemsKit;
  let app: NestFastifyApplication;
  let origin: string;
  let asker: ShownAdministrator;
  let approver: ShownAdministrator;
  let elsewhere: ShownAdministrator;
  let problemId: string;

  const call = async (who: { token: string } | null, method: string, path: string, body?: object): Promise<Answer> => {
    const headers = {
      ...(who ? { Authorization: `Bearer ${who.token}` } : {}),
      ...(body ? { 'Content-Type': 'application/json' } : {}),
    };
    const reply = await fetch(`${origin}/api/v1/admin/${path}`, {
      method, headers, ...(body ? { body: JSON.stringify(body) } : {}),
    }); // prettier-ignore
    return { status: reply.status, body: (await reply.json()) as Answer['body'] };
  };
  const good = async (schema: ZodType, ...given: Parameters<typeof call>): Promise<Record<string, unknown>> => {
    const { status, body } = await call(...given);
    expect({ status, body }).toMatchObject({ status: 200 });
    expect(schema.parse(body)).toEqual(body);
    return body;
  };

  beforeAll(async () => {
    kit = await openProblemsKit();
    app = await openApi(kit);
    origin = (await app.getUrl()).replace('[::1]', '127.0.0.1');
    asker = await kit.admin('533401');
    approver = await kit.admin('5334');
    elsewhere = await kit.admin('533422');
    const usual = kit.nation.outcomeOf;
    kit.nation.outcomeOf = (item) => (isRecord(item) ? refused('2206') : usual(item));
    await kit.records(await kit.world(), 4);
    await kit.settle();
    await kit.collect();
    const { problems } = (await call(asker, 'GET', 'problems')).body as { problems: { id: string }[] };
    problemId = problems[0]?.id ?? '';
    kit.nation.outcomeOf = usual;
    await kit.rows('DELETE FROM national_quota_day');
    await kit.rows(
      `INSERT INTO national_quota_day (resets_at, quota_limit, used) VALUES (now() + interval '1 hour', 40000, 120)`,
    );
  });
  afterAll(async () => {
    await app.close();
    await kit.close();
  });

  it('lets nobody in without the token of a living administrator', async () => {
    expect(await call(null, 'GET', 'problems')).toMatchObject({ status: 401, body: { code: 'ADMIN_UNAUTHENTICATED' } });
    const forged = { token: asker.token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) };
    expect((await call(forged, 'GET', 'problems')).status).toBe(401);
    const gone = await kit.admin();
    expect((await call(gone, 'GET', 'problems')).status).toBe(200);
    await kit.administrators.revoke(gone.id);
    expect((await call(gone, 'GET', 'problems')).status).toBe(401);
    const [stored] = await kit.rows<{ row: string }>(`SELECT a::text AS row FROM actor a WHERE id = $1`, [asker.id]);
    expect(stored?.row).not.toContain(asker.token.split('.')[1]);
  });

  it('shows problems in words, with whom they concern, and their records page by page', async () => {
    const { problems } = (await good(problemListSchema, asker, 'GET', 'problems')) as { problems: object[] };
    expect(problems).toMatchObject([{
      id: problemId, state: 'open', owner: 'county', sentence: '志愿服务记录：服务日期太早，国家系统不再接收。',
      affected: { records: 4, people: 1, stations: 1, minutes: 60 }, groupedBy: { code: '2206' },
    }]); // prettier-ignore
    expect(await good(problemListSchema, asker, 'GET', 'problems?state=closed,regressed')).toEqual({ problems: [] });
    await good(problemDetailSchema, asker, 'GET', `problems/${problemId}`);
    const first = await good(problemItemsSchema, asker, 'GET', `problems/${problemId}/items?limit=3`);
    const rest = await good(
      problemItemsSchema,
      asker,
      'GET',
      `problems/${problemId}/items?cursor=${String(first.nextCursor)}`,
    );
    const ids = [first, rest].flatMap(({ items }) => (items as { sourceId: string }[]).map(({ sourceId }) => sourceId));
    expect(ids.sort()).toEqual(['R0', 'R1', 'R2', 'R3']);
    expect(rest.nextCursor).toBeNull();
  });

  it('answers 404 for what lies in another region, as for what does not exist', async () => {
    const other = await call(elsewhere, 'GET', `problems/${problemId}`);
    const nothing = await call(elsewhere, 'GET', `problems/${systemIds.uuid()}`);
    const { traceId: _one, ...otherBody } = other.body;
    const { traceId: _two, ...nothingBody } = nothing.body;
    expect([other.status, otherBody]).toEqual([nothing.status, nothingBody]);
    expect(other).toMatchObject({ status: 404, body: { code: 'ADMIN_NOT_FOUND' } });
    expect(await call(elsewhere, 'GET', 'problems')).toEqual({ status: 200, body: { problems: [] } });
    for (const path of ['problems/x', 'problems/x/items', 'replays/x']) {
      expect((await call(asker, 'GET', path)).status).toBe(404);
    }
    expect((await call(elsewhere, 'POST', `problems/${problemId}/replays`, { reason: 'r' })).status).toBe(404);
  });

  it('refuses what has not the shape of the call', async () => {
    const at = (path: string, body: object): Promise<Answer> =>
      call(asker, 'POST', `problems/${problemId}/${path}`, body);
    expect(await at('close', {})).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/reason', code: 'FIELD_REQUIRED' }] },
    });
    expect((await at('resolve', { reason: ' ' })).status).toBe(422);
    expect((await at('acknowledge', { more: 1 })).status).toBe(422);
    expect((await call(asker, 'GET', 'problems?state=odd')).status).toBe(422);
    expect((await call(asker, 'GET', 'problems?colour=red')).status).toBe(422);
    expect((await call(asker, 'GET', `problems/${problemId}/items?limit=0`)).status).toBe(422);
    expect((await call(asker, 'DELETE', `problems/${problemId}`)).status).toBe(405);
  });

  it('walks a problem and its replay from the first look to the account, each act with its name and leaf', async () => {
    const at = `problems/${problemId}`;
    expect(await call(asker, 'POST', `${at}/close`, { reason: '无须处理' })).toMatchObject({
      status: 409,
      body: { code: 'STEP_NOT_ALLOWED' },
    });
    await good(problemDetailSchema, asker, 'POST', `${at}/acknowledge`, {});
    const planned = await good(replaySchema, asker, 'POST', `${at}/replays`, { reason: '期限已放宽' });
    const replay = `replays/${String(planned.id)}`;
    expect(planned.estimate).toMatchObject({
      writes: 2,
      writesByStage: [1, 1, 0, 0],
      quota: { limit: 40_000, used: 120 },
    });
    expect(planned).toMatchObject({ state: 'planned', records: 4, needsSecond: false, account: { notSent: 4 } });
    expect((await call(asker, 'POST', `${replay}/run`)).status).toBe(409);
    await good(replaySchema, approver, 'POST', `${replay}/approve`);
    await good(replaySchema, asker, 'POST', `${replay}/run`);
    await good(replaySchema, asker, 'POST', `${replay}/pause`);
    await good(replaySchema, asker, 'POST', `${replay}/run`);
    const runner = new ReplayRunner(kit.database, systemIds);
    for (let turn = 0; turn < 10; turn += 1) {
      while (await runner.turn());
      await kit.settle();
    }
    expect(await good(replaySchema, asker, 'GET', replay)).toMatchObject({
      state: 'finished', approvedBy: { id: approver.id }, account: { done: 4 }, calls: { writes: 2 },
    }); // prettier-ignore
    expect((await call(asker, 'POST', `${replay}/stop`)).status).toBe(409);
    expect(await good(replayListSchema, asker, 'GET', `replays?problem=${problemId}`)).toMatchObject({
      replays: [{ state: 'finished' }],
    });
    await kit.collect();
    const seen = await good(problemDetailSchema, asker, 'GET', at);
    expect(seen).toMatchObject({ state: 'resolved-watching', affected: { records: 0 }, deadline: null });
    expect((seen.history as { act: string; actor: string }[]).map(({ act, actor }) => [act, actor])).toEqual([
      ['resolve', 'system'],
      ['acknowledge', asker.name],
    ]);
    await good(problemDetailSchema, asker, 'POST', `${at}/close`, { reason: '已核对' });
    expect(await call(asker, 'POST', `${at}/replays`, { reason: '再来' })).toMatchObject({
      status: 409,
      body: { code: 'REPLAY_EMPTY' },
    });
  });

  it('is documented as it is served', () => {
    const document = openApiDocument({ paths: adminPaths(), securitySchemes: ADMIN_SECURITY }) as unknown as {
      paths: Record<string, Record<string, unknown>>;
      components: { schemas: Record<string, unknown> };
    };
    const router = app.getHttpAdapter().getInstance() as unknown as {
      hasRoute(route: { url: string; method: string }): boolean;
    };
    const paths = Object.entries(document.paths).filter(([path]) => path.startsWith('/api/v1/admin'));
    expect(paths.length).toBe(13);
    for (const [path, operations] of paths) {
      const url = path.replaceAll(/\{(\w+)\}/g, ':$1');
      for (const method of Object.keys(operations)) {
        expect([url, method, router.hasRoute({ url, method: method.toUpperCase() })]).toEqual([url, method, true]);
      }
    }
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, ref]) => ref ?? '',
    );
    expect(refs.filter((ref) => document.components.schemas[ref] === undefined)).toEqual([]);
  });
});
