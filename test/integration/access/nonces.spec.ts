import { StoredNonces } from '../../../src/access/nonces.js';
import { openStationHouse, type StationHouse } from './station-api.js';

describe('used nonces (G-03)', () => {
  let house: StationHouse;

  beforeAll(async () => {
    house = await openStationHouse();
  });
  afterAll(() => house.close());

  it('are single per key, for 600 s, and purged afterwards', async () => {
    const nonces = new StoredNonces(house.database);
    const racing = await Promise.all(Array.from({ length: 10 }, () => nonces.use('k1', 'n1')));
    expect(racing.filter(Boolean)).toHaveLength(1);
    expect(await nonces.use('k2', 'n1')).toBe(true);
    await house.database.query(`UPDATE request_nonce SET expires_at = now() + interval '1 second'`);
    expect(await nonces.use('k1', 'n1')).toBe(false);
    await house.database.query(`UPDATE request_nonce SET expires_at = now() WHERE app_key = 'k1'`);
    expect(await nonces.use('k1', 'n1')).toBe(true);
    await house.database.query(`UPDATE request_nonce SET expires_at = now() WHERE app_key = 'k1'`);
    expect(await nonces.purge()).toBe(false);
    expect(await house.database.query('SELECT app_key FROM request_nonce')).toEqual([{ app_key: 'k2' }]);
  });
});
