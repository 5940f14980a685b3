import { eventually, eventuallyPasses } from '../../harness/eventually.js';
import { describeNeeding, findProgram } from '../../harness/programs.js';
import { startRedis } from '../../harness/redis.js';

describe('eventually', () => {
  it('returns the first truthy look', async () => {
    let looks = 0;
    expect(await eventually(() => ((looks += 1) > 2 ? `after ${looks}` : null), { intervalMs: 1 })).toBe('after 3');
  });

  it('fails with what it saw last', async () => {
    const wait = eventually(() => Promise.reject(new Error('still closed')), { timeoutMs: 20, what: 'the door' });
    await expect(wait).rejects.toThrow('the door did not come true within 20 ms; last seen: still closed');
  });

  it('takes assertions', async () => {
    let value = 0;
    await eventuallyPasses(() => expect((value += 1)).toBe(3), { intervalMs: 1 });
  });
});

describe('programs', () => {
  it('are found on PATH, or not', () => {
    expect(findProgram('sh')).toMatch(/\/sh$/);
    expect(findProgram('no-such-program-anywhere')).toBeNull();
  });
});

describeNeeding('redis-server', 'a Redis for tests', () => {
  it('starts empty, and again on its port after a kill', async () => {
    const first = await startRedis();
    await first.kill();
    const second = await startRedis(Number(new URL(first.url).port));
    expect(second.url).toBe(first.url);
    await second.stop();
  });
});
