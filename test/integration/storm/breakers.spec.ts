import { closedGates } from '../../../src/delivery/gates.js';
import { openLedgerKit, type LedgerKit } from '../ledger/ledger-kit.js';
import { down, fine, forgetStorm, passPause, refused, startWorker, unreachable, type TestWorker } from './storm-kit.js';

describe('breakers shared by several workers', () => {
  let kit: LedgerKit;
  let workers: TestWorker[];
  beforeAll(async () => {
    kit = await openLedgerKit();
  });
  beforeEach(async () => {
    await forgetStorm(kit);
    workers = [await startWorker(kit), await startWorker(kit), await startWorker(kit)];
  });
  afterAll(() => kit.close());

  const worker = (at: number): TestWorker => workers[at % workers.length] as TestWorker;
  const gone = (): string[] => workers.flatMap((one) => one.gone);
  const stateOf = async (operation: string): Promise<unknown> =>
    (await kit.rows(`SELECT state, trips FROM national_breaker WHERE operation = $1`, [operation]))[0];
  const fail = async (kind = 'team'): Promise<void> => {
    for (let at = 0; at < 5; at += 1) await worker(at).write(kind, down);
  };

  it('write nothing down while everything goes well', async () => {
    for (let at = 0; at < 30; at += 1) await worker(at).write('team');
    expect(await kit.rows('SELECT 1 FROM national_breaker')).toEqual([]);
    expect(gone()).toHaveLength(30);
  });

  it('hear of the end of a streak once, however many calls come back well in that moment', async () => {
    const { storm } = worker(0);
    await worker(0).write('team', down);
    await storm.look();
    const told = jest.spyOn(kit.database, 'transaction');
    await Promise.all(Array.from({ length: 24 }, () => storm.good('write:team', { probes: [] })));
    // Nation and operation, and once more where the first came back before the others were asked.
    expect(told.mock.calls.length).toBeLessThanOrEqual(3);
    told.mockRestore();
    const rows = await kit.rows(`SELECT operation, streak FROM national_breaker ORDER BY operation`);
    expect(rows).toEqual([
      { operation: 'nation', streak: 0 },
      { operation: 'write:team', streak: 0 },
    ]);
  });

  it('open by the failures of all together, stop that operation and no other', async () => {
    await fail();
    expect(await stateOf('write:team')).toEqual({ state: 'open', trips: 1 });
    const before = gone().length;
    for (let at = 0; at < 100; at += 1) {
      expect(await worker(at).write('team')).toMatchObject({ outcome: { class: 'RETRY', code: 'NOT_SENT' } });
    }
    expect(gone()).toHaveLength(before);
    await worker(0).write('project');
    expect(gone()).toHaveLength(before + 1);
    expect([...(await closedGates(kit.database)).keys()]).toEqual(['kind:team']);
  });

  it('let exactly one probe go, whichever of many asks, and start slowly when it goes well', async () => {
    await fail();
    await passPause(kit);
    const before = gone().length;
    const answers = await Promise.all(Array.from({ length: 24 }, (_, at) => worker(at).write('team')));
    expect(gone().length - before).toBeGreaterThanOrEqual(1);
    const sent = answers.filter((answer) => answer.level === 'items').length;
    expect(sent).toBe(gone().length - before);
    expect(await stateOf('write:team')).toEqual({ state: 'slow', trips: 1 });
    await worker(0).storm.look();
    expect(worker(0).storm.mostEntries('team', 100)).toBe(10);
  });

  it('keep the probe single while it is out, and give it to another when its worker died', async () => {
    await fail();
    await passPause(kit);
    let answer: (value: never) => void = () => undefined;
    const hanging = worker(0).line.write({ id: 'c1', kind: 'team' }, () => new Promise((resolve) => (answer = resolve)));
    for (let tries = 0; (await stateOf('write:team') as { state: string }).state !== 'half-open' && tries < 500; tries += 1) await worker(0).storm.look();
    const before = gone().length;
    for (let at = 0; at < 12; at += 1) await worker(at).write('team');
    expect(gone()).toHaveLength(before);
    await kit.rows(`UPDATE national_breaker SET probe_until = now()`);
    await worker(1).write('team', down);
    expect(gone()).toHaveLength(before + 1);
    expect(await stateOf('write:team')).toEqual({ state: 'open', trips: 2 });
    // The dead worker's late word changes nothing any more.
    answer({ level: 'items', items: new Map([['B', fine]]), requestId: 'r' } as never);
    await hanging;
    expect(await stateOf('write:team')).toEqual({ state: 'open', trips: 2 });
  }); // prettier-ignore

  it('stop everything when several operations fail; then only the status is tried, one at a time', async () => {
    for (let at = 0; at < 4; at += 1) await worker(at).write('team', unreachable);
    for (let at = 0; at < 3; at += 1) await worker(at).lookup(unreachable);
    expect(await stateOf('nation')).toEqual({ state: 'open', trips: 1 });
    expect([...(await closedGates(kit.database)).keys()]).toContain('all');
    const before = gone().length;
    const everything = async (): Promise<void> => {
      for (let at = 0; at < 9; at += 1) {
        await worker(at).write('project');
        await worker(at).lookup();
        await worker(at).limits.fresh();
      }
    };
    await everything();
    expect(gone()).toHaveLength(before);
    await passPause(kit);
    for (const one of workers) {
      await one.write('project');
      await one.lookup();
    }
    expect(gone()).toHaveLength(before);
    const asked = await Promise.all(workers.map((one) => one.status({ status: 'failed', outcome: unreachable })));
    expect(gone()).toHaveLength(before + 1);
    expect(asked.filter((answer) => answer.status === 'failed' && answer.outcome.code === 'NOT_SENT')).toHaveLength(2);
    expect(await stateOf('nation')).toEqual({ state: 'open', trips: 2 });
    await passPause(kit);
    await worker(1).status(worker(1).nation.status_);
    expect(await stateOf('nation')).toEqual({ state: 'slow', trips: 2 });
    await worker(2).storm.look();
    expect(worker(2).storm.permitted({ qps: 10, concurrency: null }, 4)).toEqual({ qps: 1, concurrency: 1 });
    await worker(2).write('project');
    expect(gone()).toHaveLength(before + 3);
  });

  it('survive a restart: a new worker finds them as they were', async () => {
    await fail();
    const fresh = await startWorker(kit);
    expect(await fresh.write('team')).toMatchObject({ outcome: { code: 'NOT_SENT' } });
    expect(fresh.gone).toEqual([]);
  });

  it('stop a kind whose entries are refused by one code all of a sudden, before the second batch (F39)', async () => {
    await worker(0).write('team', [...Array.from({ length: 9 }, () => fine), refused]);
    expect((await stateOf('entity:team')) as object).toMatchObject({ state: 'closed' });
    await worker(0).write(
      'team',
      Array.from({ length: 100 }, () => refused),
    );
    expect(await stateOf('entity:team')).toEqual({ state: 'open', trips: 1 });
    const before = gone().length;
    for (let at = 0; at < 50; at += 1) await worker(at).write('team', [refused]);
    await worker(0).write('project');
    expect(gone()).toHaveLength(before + 1);
    await worker(1).storm.look();
    expect(worker(1).storm.mostEntries('team', 100)).toBe(0);
    await passPause(kit);
    await worker(1).storm.look();
    expect(worker(1).storm.mostEntries('team', 100)).toBe(1);
    worker(1).storm.plannedProbe('team');
    expect(worker(1).storm.mostEntries('team', 100)).toBe(0);
    await worker(1).write('team', [refused]);
    expect(await stateOf('entity:team')).toEqual({ state: 'open', trips: 2 });
    await passPause(kit);
    await worker(2).write('team', [fine]);
    expect(await stateOf('entity:team')).toEqual({ state: 'slow', trips: 2 });
  });

  it('leave other refusals to people: ten thousand mistakes of stations are no storm', async () => {
    const mistake = { class: 'REJECT', code: '2203', message: 'x', fields: [] } as const;
    await worker(0).write(
      'team',
      Array.from({ length: 100 }, () => mistake),
    );
    expect(await kit.rows('SELECT 1 FROM national_breaker')).toEqual([]);
  });

  it('are told nothing by a call that our own trouble kept from leaving; its probe is free again', async () => {
    await fail();
    await passPause(kit);
    await expect(worker(0).line.write({ id: 'c', kind: 'team' }, () => Promise.reject(new Error('lease lost')))).rejects.toThrow('lease lost');
    expect(await worker(1).write('team')).toMatchObject({ level: 'items' });
  }); // prettier-ignore
});
