import { randomUUID } from 'node:crypto';
import { eventually } from '../../harness/eventually.js';
import { ChangeSequencer } from '../../../src/ledger/change-sequencer.js';
import { LedgerReader } from '../../../src/ledger/ledger-reader.js';
import { bearer, openStationHouse, stationItem, type StationHouse } from '../access/station-api.js';

describe('the change feed (G-65)', () => {
  let house: StationHouse;

  beforeAll(async () => {
    house = await openStationHouse();
  });
  afterAll(() => house.close());

  const write = async (sourceId: string, record: string, versions: number[], pauseMs: number): Promise<void> => {
    await house.database.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtext($1))', [record]);
      for (const version of versions) {
        await tx.query(
          `INSERT INTO change_page (page_id, source_system_id, size, since, record_ids, versions, states, codes)
           VALUES ($1, $2, 1, now(), ARRAY[$3::uuid], ARRAY[$4::int], ARRAY['queued'], ARRAY[NULL])`,
          [randomUUID(), sourceId, record, version],
        );
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    });
  };

  it('never shows an event at or below a cursor handed out, with concurrent writers and sequencers', async () => {
    const source = randomUUID();
    const records = Array.from({ length: 5 }, () => randomUUID());
    const failures: unknown[] = [];
    for (const id of records) {
      await house.database.query(
        `INSERT INTO record (id, source_system_id, kind, source_id, biz_no, version, revision, content_hash, state, since,
           county_code, lane) VALUES ($1::uuid, $2, 'station', $1::text, $1::text, 1, 1, '', 'queued', now(), '533401', 'normal')`,
        [id, source],
      );
    }
    const sequencers = [0, 1, 2].map(() => new ChangeSequencer(house.database, (error) => failures.push(error)));
    sequencers.forEach((sequencer) => sequencer.start());
    let isWriting = true;
    const reader = new LedgerReader(house.database);
    const seen: { seq: number; recordId: string; version: number }[] = [];
    const read = async (): Promise<void> => {
      let cursor: number | null = null;
      for (;;) {
        const wasWriting = isWriting;
        const answer = await reader.changes(source, cursor, 7);
        if (answer.isExpired) throw new Error('expired');
        for (const event of answer.events) {
          expect(event.seq).toBeGreaterThan(cursor ?? 0);
          seen.push(event);
        }
        cursor = answer.next;
        if (!wasWriting && !answer.hasMore && seen.length === 150) return;
      }
    };
    const writers = records.map(async (record) => {
      for (let round = 0; round < 10; round += 1) {
        await write(source, record, [round * 3, round * 3 + 1, round * 3 + 2], Math.floor((round * 7) % 5));
      }
    });
    const reading = read();
    await Promise.all(writers);
    isWriting = false;
    await reading;
    await Promise.all(sequencers.map((sequencer) => sequencer.stop()));
    expect(seen.map(({ seq }) => seq)).toEqual([...seen.map(({ seq }) => seq)].sort((a, b) => a - b));
    expect(failures).toEqual([]);
    expect(new Set(seen.map(({ seq }) => seq)).size).toBe(150);
    for (const record of records) {
      expect(seen.filter(({ recordId }) => recordId === record).map(({ version }) => version)).toEqual(
        Array.from({ length: 30 }, (_, i) => i),
      );
    }
  });

  it('pages over HTTP, and expires what was purged', async () => {
    const api = await house.openApi();
    const system = await house.createSystem();
    const headers = { ...bearer(system), 'Content-Type': 'application/json' };
    const get = async (query: string) => {
      const answer = await fetch(`${api.origin}/api/v1/changes${query}`, { headers });
      return {
        status: answer.status,
        body: (await answer.json()) as {
          events: { sourceId: string; seq: number }[];
          nextCursor: string;
          hasMore: boolean;
        },
      };
    };
    const start = await get('');
    expect(start).toMatchObject({ status: 200, body: { events: [], hasMore: false } });
    for (const names of [
      ['c0', 'c1'],
      ['c2', 'c3', 'c4'],
    ]) {
      const body = JSON.stringify({ items: names.map((name) => stationItem(name)) });
      expect((await fetch(`${api.origin}/api/v1/batches`, { method: 'POST', headers, body })).status).toBe(200);
    }
    house.sequencer.start();
    await eventually(async () => (await get('')).body.events.length === 5, { timeoutMs: 1_000 });
    const first = await get(`?limit=2&cursor=${start.body.nextCursor}`);
    expect(first.body).toMatchObject({
      hasMore: true,
      events: [{ sourceId: 'c0', state: 'queued', version: 1 }, { sourceId: 'c1' }],
    });
    const rest = await get(`?cursor=${first.body.nextCursor}`);
    expect(rest.body.events.map(({ sourceId }) => sourceId)).toEqual(['c2', 'c3', 'c4']);
    expect(rest.body.hasMore).toBe(false);
    expect((await get(`?cursor=${rest.body.nextCursor}`)).body.events).toEqual([]);
    for (const query of ['?limit=0', '?limit=1001', '?limit=x', '?cursor=!!', '?after=1'])
      expect((await get(query)).status).toBe(422);
    await house.sequencer.stop();
    await house.database.query(
      `UPDATE change_page SET since = since - interval '31 days' WHERE ord IN (SELECT ord FROM change_page ORDER BY ord LIMIT 151)`,
    );
    expect(await house.sequencer.purge()).toBe(151);
    expect(await get(`?cursor=${start.body.nextCursor}`)).toMatchObject({
      status: 410,
      body: { code: 'CURSOR_EXPIRED' },
    });
    expect((await get('')).body.events.length).toBe(3);
    expect((await get(`?cursor=${rest.body.nextCursor}`)).status).toBe(200);
    const summary = await fetch(`${api.origin}/api/v1/summary`, { headers });
    expect(await summary.json()).toMatchObject({
      kinds: { station: { queued: 5 } },
      asOf: expect.stringMatching(/Z$/) as string,
    });
  });
});
