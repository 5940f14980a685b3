import { NAMED_SETTINGS, namedSettings, patchSettings } from './settings.js';

describe('settings', () => {
  it('patches one value without touching its neighbours or the named setting', () => {
    const settings = namedSettings('bench', { receiptMs: 500 });
    expect(settings.receiptMs).toEqual({ minMs: 500, maxMs: 500 });
    expect(settings.commitLatencyMs).toEqual({ minMs: 0, maxMs: 0 });
    expect(settings.readLagMs).toEqual({ minMs: 0, maxMs: 0 });
    expect(NAMED_SETTINGS.bench.receiptMs).toEqual({ minMs: 0, maxMs: 0 });
  });

  it('sets all reviews at once by reviewMs and refuses unknown names', () => {
    const settings = namedSettings('demo');
    patchSettings(settings, { reviewMs: 10, limits: { qps: null } });
    expect(settings.reviews.teams).toMatchObject({ minMs: 10, maxMs: 10 });
    expect(settings.limits).toMatchObject({ qps: null, burst: 400 });
    expect(() => patchSettings(settings, { limits: { qqs: 1 } })).toThrow('limits.qqs');
  });

  it('carries the figures of §1.12 in faithful', () => {
    const { limits, quotaPerDay, window } = namedSettings('faithful');
    expect(limits).toMatchObject({ qps: 10, burst: 20, concurrency: 4, batchItems: 100 });
    expect([quotaPerDay, window]).toEqual([50_000, { writesFrom: '06:00', writesTo: '23:00' }]);
  });
});
