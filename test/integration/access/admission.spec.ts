import { bearer, openStationHouse, type StationApi, type StationHouse } from './station-api.js';

const RATE = 40;
const SECONDS = 4;

describe('limits of a source system (G-08)', () => {
  let house: StationHouse;
  let apis: StationApi[];

  beforeAll(async () => {
    house = await openStationHouse();
    apis = [await house.openApi(), await house.openApi()];
  });
  afterAll(() => house.close());

  it('admits the rate over two instances within 10 %, and says when to come again', async () => {
    const system = await house.createSystem({ ratePerSecond: RATE, maxParallel: 100 });
    const headers = bearer(system);
    const retryAfter = new Set<string | null>();
    let admitted = 0;
    const end = performance.now() + SECONDS * 1_000;
    const flood = async (api: StationApi | undefined): Promise<void> => {
      while (performance.now() < end) {
        const answer = await fetch(`${api?.origin}/api/v1/summary`, { headers });
        await answer.arrayBuffer();
        if (answer.status === 200) admitted += 1;
        else if (answer.status === 429) retryAfter.add(answer.headers.get('retry-after'));
        else throw new Error(`answered ${answer.status}`);
      }
    };
    await Promise.all([0, 1, 2, 3].map((lane) => flood(apis[lane % 2])));
    expect(admitted).toBeGreaterThanOrEqual(RATE * SECONDS * 0.9);
    expect(admitted).toBeLessThanOrEqual(RATE * SECONDS * 1.1);
    expect([...retryAfter]).toEqual(['1']);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await fetch(`${apis[0]?.origin}/api/v1/summary`, { headers })).status).toBe(200);
  }, 20_000);

  it('admits no more at once than allowed, over two instances, and exactly that many one after another', async () => {
    const system = await house.createSystem({ maxParallel: 2 });
    const admit = async (held: string): Promise<string | undefined> => {
      const id = (
        await house.database.query<{ id: string }>('SELECT id FROM source_system WHERE app_key = $1', [system.appKey])
      )[0]?.id;
      const [row] = await house.database.query<{ verdict: string }>(
        'SELECT admit_request($1, $2, 1000, 2, 60) AS verdict',
        [id, held],
      );
      return row?.verdict;
    };
    expect(await admit('00000000-0000-7000-8000-000000000001')).toBe('admitted');
    expect(await admit('00000000-0000-7000-8000-000000000002')).toBe('admitted');
    expect(await admit('00000000-0000-7000-8000-000000000003')).toBe('parallel');
    const headers = bearer(system);
    const refused = await fetch(`${apis[1]?.origin}/api/v1/summary`, { headers });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED' });
    // Slots whose lease has run out belong to processes that died.
    await house.database.query(`UPDATE request_slot SET held_until = now() - interval '1 second'`);
    // A client that keeps exactly its number in flight is never refused.
    const lane = async (api: StationApi | undefined): Promise<number[]> => {
      const statuses: number[] = [];
      for (let i = 0; i < 50; i += 1) {
        const answer = await fetch(`${api?.origin}/api/v1/summary`, { headers });
        await answer.arrayBuffer();
        statuses.push(answer.status);
      }
      return statuses;
    };
    const statuses = (await Promise.all(apis.map(lane))).flat();
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await house.database.query('SELECT 1 FROM request_slot')).toEqual([]);
  });
});
