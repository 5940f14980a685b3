import { createHash } from 'node:crypto';
import { canonicalJson, contentForm } from '../../../src/records/index.js';
import { openContent } from '../../../src/ledger/index.js';
import { appendEvidence } from '../../../src/evidence/index.js';
import { openLedgerKit, type LedgerKit } from '../ledger/ledger-kit.js';
import { station, volunteer, voided } from '../ledger/station-world.js';

interface Leaf extends Record<string, unknown> {
  kind: string;
  entry: string;
}

describe('evidence', () => {
  let kit: LedgerKit;
  beforeAll(async () => {
    kit = await openLedgerKit();
  });
  afterAll(() => kit.close());

  const leavesOf = (recordId: string): Promise<Leaf[]> =>
    kit.rows<Leaf>(`SELECT kind, entry FROM evidence_leaf WHERE entry::jsonb->>'uid' = $1 ORDER BY ord, place`, [
      recordId,
    ]);

  it('writes exactly one leaf for each acceptance, none for duplicates, superseded or refused items', async () => {
    const source = kit.newSource();
    const { items } = await kit.push(source, [
      station('S1', { revision: 2 }), station('S1', { revision: 2 }), station('S1', { revision: 1, data: { name: '旧' } }),
      station('S1', { revision: 2, data: { name: '异' } }), station('S1', { revision: 3, data: { name: '新' } }), voided('station', 'S1', 4),
    ]); // prettier-ignore
    expect(items.map(({ outcome }) => outcome)).toEqual([
      'accepted',
      'duplicate',
      'superseded',
      'rejected',
      'accepted',
      'accepted',
    ]);
    const leaves = (await leavesOf(items[0]?.recordId ?? '')).map(({ kind, entry }) => {
      const { ver, source: from, record, actor, v } = JSON.parse(entry) as Record<string, unknown>;
      return [kind, ver, from, record, actor, v];
    });
    expect(leaves).toEqual([
      ['record.accepted', 1, source.appKey, 'station', 'station', 1],
      ['record.accepted', 2, source.appKey, 'station', 'station', 1],
      ['record.voided', 3, source.appKey, 'station', 'station', 1],
    ]);
  });

  it('keeps leaves in canonical form with the database time, and nothing of a person in them', async () => {
    const source = kit.newSource();
    const { recordId = '' } = await kit.accept(source, volunteer('V1', { no: 301, name: '测试密名' }));
    for (const { kind, entry } of await leavesOf(recordId)) {
      const value = JSON.parse(entry) as Record<string, string>;
      expect(entry).toBe(canonicalJson(value));
      expect(value.kind).toBe(kind);
      expect(value.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(entry).not.toMatch(/测试密名|13900000021|539900/);
    }
    const [row] = await kit.rows<{ same: boolean }>(
      `SELECT bool_and((entry::jsonb->>'at')::timestamptz = date_trunc('milliseconds', at)) AS same FROM evidence_leaf`,
    );
    expect(row?.same).toBe(true);
  });

  it('commits to the exact content: the sealed salt opens the commitment, another content does not', async () => {
    const source = kit.newSource();
    const item = volunteer('V1', { no: 303 });
    const { recordId = '' } = await kit.accept(source, item);
    const [leaf] = await leavesOf(recordId);
    const [version] = await kit.rows<{ payload: Record<string, unknown>; sealed: Buffer }>(
      'SELECT payload, sealed FROM record_version WHERE record_id = $1', [recordId],
    ); // prettier-ignore
    const opened = openContent(kit.vault, recordId, version ?? { payload: {}, sealed: Buffer.alloc(0) });
    const salt = Buffer.from(opened.salt, 'base64');
    expect(salt).toHaveLength(32);
    const commit = (data: Record<string, unknown>): string =>
      createHash('sha256')
        .update(Buffer.from([0x02]))
        .update(salt)
        .update(contentForm({ op: 'upsert', data }), 'utf8')
        .digest('base64');
    const { commit: committed } = JSON.parse(leaf?.entry ?? '{}') as { commit: string };
    expect(opened.data).toEqual(item.data);
    expect(commit(opened.data)).toBe(committed);
    expect(commit({ ...opened.data, mobile: '13900000099' })).not.toBe(committed);
  });

  it('keeps personal fields out of the plain columns, and sealed for their own record alone', async () => {
    const source = kit.newSource();
    const one = await kit.accept(source, volunteer('V1', { no: 305, name: '测试密名' }));
    const two = await kit.accept(source, volunteer('V2', { no: 307 }));
    const rows = await kit.rows<{ record_id: string; payload: Record<string, unknown>; sealed: Buffer }>(
      'SELECT record_id, payload, sealed FROM record_version WHERE record_id = ANY ($1::uuid[])', [[one.recordId, two.recordId]],
    ); // prettier-ignore
    expect(JSON.stringify(rows.map(({ payload }) => payload))).not.toMatch(/测试密名|13900000021|539900|1990-03-07/);
    const first = rows.find((row) => row.record_id === one.recordId);
    expect(() => openContent(kit.vault, two.recordId ?? '', first ?? { payload: {}, sealed: Buffer.alloc(0) })).toThrow(
      'does not open',
    );
  });

  it('is written with the change or not at all', async () => {
    const source = kit.newSource();
    await kit.rows(
      `ALTER TABLE evidence_page ADD CONSTRAINT refuse CHECK (array_to_string(entries, '') NOT LIKE '%${source.appKey}%')`,
    );
    await expect(kit.push(source, [station('S1')])).rejects.toMatchObject({ code: '23514' });
    await kit.rows('ALTER TABLE evidence_page DROP CONSTRAINT refuse');
    for (const table of ['record', 'outbox', 'change_page']) {
      expect(await kit.rows(`SELECT 1 FROM ${table} WHERE source_system_id = $1`, [source.id])).toEqual([]);
    }
  });

  it('disappears with a transaction that is rolled back', async () => {
    const work = kit.database.transaction(async (tx) => {
      await appendEvidence(tx, [{ kind: 'admin.action', uid: 'rolled-back', actor: 'test' }]);
      throw new Error('back');
    });
    await expect(work).rejects.toThrow('back');
    expect(await leavesOf('rolled-back')).toEqual([]);
  });
});
