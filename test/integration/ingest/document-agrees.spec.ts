import type { ZodType } from 'zod';
import {
  batchAnswerSchema,
  changesSchema,
  healthSchema,
  keysSchema,
  problemSchema,
  singleAnswerSchema,
  statusSchema,
  summarySchema,
} from '../../../src/ingest/api-schemas.js';
import { openApiDocument } from '../../../src/ingest/index.js';
import { RECORD_KINDS } from '../../../src/records/index.js';
import { bearer, openStationHouse, type StationApi, type StationHouse } from '../access/station-api.js';

interface Router {
  hasRoute(route: { url: string; method: string }): boolean;
}

describe('what is documented is what is answered', () => {
  let house: StationHouse;
  let api: StationApi;
  let headers: Record<string, string>;

  beforeAll(async () => {
    house = await openStationHouse();
    api = await house.openApi();
    headers = bearer(await house.createSystem());
  });
  afterAll(() => house.close());

  const answer = async (schema: ZodType, method: string, target: string, body?: object): Promise<unknown> => {
    const type: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const got: unknown = await (
      await fetch(`${api.origin}${target}`, { method, headers: { ...headers, ...type }, ...text })
    ).json();
    const parsed = schema.safeParse(got);
    if (!parsed.success)
      throw new Error(`${method} ${target}: ${parsed.error.message}\n${JSON.stringify(got).slice(0, 500)}`);
    return got;
  };

  it('in routes', () => {
    const router = api.app.getHttpAdapter().getInstance() as unknown as Router;
    for (const [path, operations] of Object.entries(openApiDocument().paths)) {
      const url = path.replaceAll(/\{(\w+)\}/g, ':$1');
      for (const method of Object.keys(operations))
        expect([url, method, router.hasRoute({ url, method: method.toUpperCase() })]).toEqual([url, method, true]);
    }
  });

  it('in every shape of answer, with the examples of all kinds', async () => {
    const items = RECORD_KINDS.flatMap(({ name, examples }) =>
      examples.map((data, index) => ({ kind: name, sourceId: `${name}-${index}`, data })),
    );
    // One call each, so that a fault names its kind.
    for (const item of items)
      await answer(batchAnswerSchema, 'POST', '/api/v1/batches', { items: [item, { kind: item.kind }] });
    await answer(batchAnswerSchema, 'POST', '/api/v1/batches?mode=validate', { items: items.slice(0, 3) });
    while (await house.sequencer.turn());
    for (const { kind, sourceId } of items) await answer(statusSchema, 'GET', `/api/v1/records/${kind}/${sourceId}`);
    await answer(singleAnswerSchema, 'PUT', '/api/v1/records/station/station-0', { data: RECORD_KINDS[0].examples[0] });
    await answer(singleAnswerSchema, 'DELETE', '/api/v1/records/station/station-0?reason=x');
    await answer(changesSchema, 'GET', '/api/v1/changes');
    await answer(summarySchema, 'GET', '/api/v1/summary');
    await answer(keysSchema, 'GET', '/api/v1/keys');
    await answer(healthSchema, 'GET', '/health/ready');
    await answer(problemSchema, 'POST', '/api/v1/batches', {});
    await answer(problemSchema, 'GET', '/api/v1/records/station/nobody');
  });

  it('puts two pushes of one record at once in some order (G-31)', async () => {
    const data = RECORD_KINDS[0].examples[0];
    const body = { items: Array.from({ length: 20 }, (_, i) => ({ kind: 'station', sourceId: `race-${i}`, data })) };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => answer(batchAnswerSchema, 'POST', '/api/v1/batches', body)),
    );
    const counts = answers.map((one) => (one as { counts: { accepted: number; duplicate: number } }).counts);
    expect(counts.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(20);
    expect(counts.reduce((sum, { duplicate }) => sum + duplicate, 0)).toBe(140);
  });
});
