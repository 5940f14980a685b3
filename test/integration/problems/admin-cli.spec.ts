import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atDesk } from '../../../src/cli/desk.js';
import { createProgram } from '../../../src/cli/program.js';
import { loadSettings } from '../../../src/platform/config/index.js';
import { openProblemsKit, isRecord, refused, type ProblemsKit } from './problems-kit.js';

/** The commands on a real database, through the same desk as `npm run cli --`. */
describe('administration from the shell', () => {
  let kit: ProblemsKit;
  let folder: string;

  const run = async (...words: string[]): Promise<Record<string, unknown>> => {
    let answer: object = {};
    const settings = loadSettings({ DATABASE_URL: kit.url, SECRETS_DIR: folder });
    const program = createProgram(async (work) => {
      answer = await atDesk(settings, work);
    });
    const quiet = (command: typeof program): void => {
      command.configureOutput({ writeErr: () => undefined });
      command.commands.forEach((child) => quiet(child));
    };
    quiet(program);
    await program.parseAsync([...words, '--json'], { from: 'user' });
    return JSON.parse(JSON.stringify(answer)) as Record<string, unknown>;
  };

  beforeAll(async () => {
    kit = await openProblemsKit();
    folder = mkdtempSync(join(tmpdir(), 'zhiqiao-admin-cli-'));
    const settings = loadSettings({ DATABASE_URL: kit.url, SECRETS_DIR: folder });
    // The keys are made before the first record is.
    await atDesk(settings, async () => ({}));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await kit.close();
  });

  it('makes administrators, lists and revokes them, and says a token once', async () => {
    const made = await run('admins', 'create', '--name', '测试管理员', '--scope', '533401');
    expect(made).toEqual({
      id: expect.any(String) as string, name: '测试管理员', scope: '533401',
      token: expect.stringMatching(/^adm_[0-9a-f]{32}\.[0-9A-Za-z_-]{43}$/) as string,
    }); // prettier-ignore
    expect(await kit.administrators.ofHeader(`Bearer ${String(made.token)}`)).toMatchObject({ id: made.id });
    const listed = await run('admins', 'list');
    expect(JSON.stringify(listed)).not.toContain(String(made.token).split('.')[1]);
    expect(await run('admins', 'revoke', '--id', String(made.id))).toEqual({ id: made.id, revoked: true });
    expect(await kit.administrators.ofHeader(`Bearer ${String(made.token)}`)).toBeNull();
    await expect(run('admins', 'revoke', '--id', String(made.id))).rejects.toMatchObject({ code: 'ADMIN_UNKNOWN' });
    await expect(run('admins', 'create', '--name', 'x', '--scope', '53340')).rejects.toThrow();
    await expect(run('problems', 'list', '--as', String(made.id))).rejects.toMatchObject({ code: 'ADMIN_UNKNOWN' });
  });

  it('does everything that the interface does, and names who did it', async () => {
    const { id: asker } = await run('admins', 'create', '--name', '甲', '--scope', '5334');
    const { id: approver } = await run('admins', 'create', '--name', '乙', '--scope', '53');
    const usual = kit.nation.outcomeOf;
    kit.nation.outcomeOf = (item) => (isRecord(item) ? refused('2206') : usual(item));
    await kit.records(await kit.world(), 201);
    for (let round = 0; round < 3; round += 1) {
      await kit.settle();
      await kit.makeDue();
    }
    await kit.collect();
    const as = ['--as', String(asker)];
    const { problems } = (await run('problems', 'list', ...as)) as { problems: { id: string }[] };
    const id = problems[0]?.id ?? '';
    expect(await run('problems', 'show', id, '--items', '2', ...as)).toMatchObject({
      affected: { records: 201 }, items: [{ kind: 'service-record' }, {}],
    }); // prettier-ignore
    expect(await run('problems', 'ack', id, ...as)).toMatchObject({ state: 'acknowledged' });
    const replay = String((await run('replays', 'plan', '--problem', id, '--reason', '期限已放宽', ...as)).id);
    await expect(run('replays', 'approve', replay, ...as)).rejects.toMatchObject({ code: 'REPLAY_NEEDS_SECOND' });
    expect(await run('replays', 'approve', replay, '--as', String(approver))).toMatchObject({ state: 'approved' });
    expect(await run('replays', 'run', replay, ...as)).toMatchObject({ state: 'running' });
    expect(await run('replays', 'pause', replay, ...as)).toMatchObject({ state: 'paused' });
    expect(await run('replays', 'stop', replay, ...as)).toMatchObject({ state: 'stopped', account: { notSent: 201 } });
    expect(await run('replays', 'show', replay, ...as)).toMatchObject({ calls: { writes: 0 } });
    expect(await run('replays', 'list', ...as)).toMatchObject({ replays: [{ id: replay }] });
    expect(await run('problems', 'resolve', id, '--reason', '已修复', ...as)).toMatchObject({
      state: 'resolved-watching',
    });
    expect(await run('problems', 'close', id, '--reason', '已核对', ...as)).toMatchObject({ state: 'closed' });
    const leaves = await kit.rows<{ entry: string }>(
      `SELECT entry FROM evidence_leaf WHERE entry LIKE '%"via":"cli"%'`,
    );
    const acts = leaves.map(({ entry }) => JSON.parse(entry) as { action: string; actor: string; replay?: string });
    expect(acts.filter((act) => act.replay === replay).map(({ action, actor }) => [action, actor])).toEqual([
      ['replay.planned', asker], ['replay.approved', approver], ['replay.running', asker], ['replay.paused', asker],
      ['replay.stopped', asker],
    ]); // prettier-ignore
  });
});
