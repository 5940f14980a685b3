import { Client } from 'pg';
import type { RunFacts } from './checker/evidence.js';
import type { Stage } from './stage/stage.js';

/**
 * Mass effects that were started, with what they really touched and how many people stood behind them (I27). Counted
 * from the items, not from what the plan says of itself. Empty while this database knows no replays.
 */
export async function massEffects(stage: Stage): Promise<RunFacts['massEffects']> {
  const client = new Client({ connectionString: stage.databaseUrl, application_name: 'zhiqiao-judge' });
  await client.connect();
  try {
    const { rows: tables } = await client.query(`SELECT 1 FROM pg_tables WHERE tablename = 'replay_item'`);
    if (tables.length === 0) return [];
    const { rows } = await client.query<RunFacts['massEffects'][number]>(
      `SELECT 'replay ' || r.id AS what, count(DISTINCT p.who)::int AS people,
         (SELECT count(*)::int FROM replay_item i WHERE i.replay_id = r.id AND i.sent_at IS NOT NULL) AS size
       FROM replay r CROSS JOIN LATERAL (VALUES (r.requested_by), (r.approved_by)) AS p(who) GROUP BY r.id`,
    );
    return rows;
  } finally {
    await client.end();
  }
}
