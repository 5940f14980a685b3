/** What the nation does: scripts of its control port, by explicit effect, or by name from its catalogue F01–F63. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pause, type Fault, type FaultClass, type Scene } from './fault.js';

interface Script {
  readonly point: string;
  readonly match?: object;
  readonly effect: { readonly type: string; readonly [more: string]: unknown };
  readonly times?: number;
  readonly probability?: number;
}

interface Listed {
  readonly id: string;
  readonly fired: number;
}

const LONGEST_MS = 4_000;
const LOOK_EVERY_MS = 150;
const WRITES = { method: 'POST', path: '/v1/[a-z-]+s(/batch)?$' };
const TRAININGS = { method: 'POST', path: '/v1/trainings(/batch)?$' };
const READS = { path: '/lookup$|/v1/batches' };

/** Adds the scripts, waits until each has struck or the time is over, takes them away; answers how often they struck. */
async function play({ stage }: Scene, scripts: readonly Script[]): Promise<number> {
  const added = await Promise.all(scripts.map((script) => stage.control<Listed>('POST', 'faults', script)));
  const ids = new Set(added.map(({ id }) => id));
  const wanted = scripts.reduce((sum, { times = 1 }) => sum + times, 0);
  let struck = 0;
  for (
    const end = performance.now() + LONGEST_MS;
    performance.now() < end && struck < wanted;
    await sleep(LOOK_EVERY_MS)
  ) {
    const { faults } = await stage.control<{ faults: Listed[] }>('GET', 'faults');
    struck = faults.filter(({ id }) => ids.has(id)).reduce((sum, { fired }) => sum + fired, 0);
  }
  await Promise.all([...ids].map((id) => stage.control('DELETE', `faults/${id}`).catch(() => undefined)));
  return struck;
}

const scripted = (name: string, of: FaultClass, ...scripts: Script[]): Fault => ({
  name, class: of, kills: 0, run: (scene) => play(scene, scripts),
}); // prettier-ignore

const write = (point: string, effect: Script['effect'], times = 2): Script => ({ point, match: WRITES, effect, times });
const read = (point: string, effect: Script['effect'], times = 2): Script => ({ point, match: READS, effect, times });

/** A late commit happens within the scaled longest commit latency of the profile (3 s). */
const LATE_MS = 2_000;

const REPLIES: readonly Fault[] = [
  scripted('nation-silent-after-commit (F03)', 'nation-replies', write('after-commit-before-reply', { type: 'hang' })),
  scripted('nation-reset-after-commit (F03)', 'nation-replies', write('after-commit-before-reply', { type: 'reset' })),
  scripted(
    'nation-cuts-replies (F13)',
    'nation-replies',
    write('during-reply', { type: 'cut' }),
    read('during-reply', { type: 'cut' }),
  ),
  scripted('nation-truncates-replies (F08)', 'nation-replies', write('during-reply', { type: 'truncate' })),
  scripted('nation-trickles (F12)', 'nation-replies', write('during-reply', { type: 'trickle' }, 1)),
  scripted(
    'nation-unknown-code (F40)',
    'nation-replies',
    write('after-commit-before-reply', { type: 'code', code: '7777' }),
  ),
  scripted(
    'nation-5001-after-commit',
    'nation-replies',
    write('after-commit-before-reply', { type: 'code', code: '5001' }),
  ),
];

const COMMITS: readonly Fault[] = [
  scripted('nation-reset-before-commit (F02)', 'nation-commits', write('before-commit', { type: 'reset' })),
  scripted('nation-silent-before-commit (F02)', 'nation-commits', write('before-commit', { type: 'hang' })),
  scripted(
    'nation-commits-late (F04)',
    'nation-commits',
    write('before-commit', { type: 'late-commit', afterMs: LATE_MS, then: 'reset' }),
  ),
  scripted('nation-5000-before-commit', 'nation-commits', write('before-commit', { type: 'code', code: '5000' })),
];

const PAGES: readonly Fault[] = [
  scripted('nation-502-page (F05)', 'nation-pages', write('before-commit', { type: 'status', status: 502 })),
  scripted(
    'nation-504-page-after-commit (F05)',
    'nation-pages',
    write('after-commit-before-reply', { type: 'status', status: 504 }),
  ),
  // These stop an operation for minutes (§1.12 HALT-SOFT), so they meet a kind that neither the probes nor others wait for.
  scripted('nation-block-page (F07)', 'nation-pages', {
    ...write('before-auth', { type: 'html' }, 1),
    match: TRAININGS,
  }),
  scripted('nation-redirects (F57)', 'nation-pages', {
    ...write('before-auth', { type: 'redirect' }, 1),
    match: TRAININGS,
  }),
];

const READING: readonly Fault[] = [
  scripted('nation-loses-reads', 'nation-reads', read('after-commit-before-reply', { type: 'reset' }, 3)),
  scripted('nation-503-for-reads', 'nation-reads', read('before-validate', { type: 'status', status: 503 }, 3)),
  // With a lost write, so that there is something to look up.
  scripted(
    'nation-reads-lag (F43)',
    'nation-reads',
    write('after-commit-before-reply', { type: 'reset' }, 1),
    read('before-validate', { type: 'read-lag', ms: 2_000 }, 2),
  ),
  scripted(
    'nation-5000-for-reads',
    'nation-reads',
    write('after-commit-before-reply', { type: 'reset' }, 1),
    read('after-commit-before-reply', { type: 'code', code: '5000' }, 2),
  ),
];

const act = (name: string, of: FaultClass, run: (scene: Scene) => Promise<number>): Fault => ({
  name, class: of, kills: 0, run,
}); // prettier-ignore

const TOKENS: readonly Fault[] = [
  act('nation-expires-tokens (F23)', 'nation-tokens', async ({ stage }) => {
    for (let round = 0; round < 3; round += 1) {
      await stage.control('POST', 'token', {});
      await sleep(400);
    }
    return 3;
  }),
  act('nation-displaces-tokens (F25)', 'nation-tokens', async ({ stage }) => {
    await stage.control('POST', 'token', { displace: true });
    await sleep(500);
    return 1;
  }),
  scripted(
    'nation-fails-tokens (F24)',
    'nation-tokens',
    { point: 'before-auth', match: { op: 'token' }, effect: { type: 'expire-tokens' }, times: 1 },
    write('before-auth', { type: 'expire-tokens' }, 1),
  ),
];

const PACE_MS = { from: 1_500, to: 3_000 } as const;

const LIMITS: readonly Fault[] = [
  scripted(
    'nation-1301 (F34)',
    'nation-limits',
    write('before-validate', { type: 'code', code: '1301', detail: { retryAfterMs: 500 } }),
  ),
  scripted(
    'nation-1305',
    'nation-limits',
    write('before-validate', { type: 'code', code: '1305', detail: { retryAfterMs: 200 } }),
  ),
  act('nation-halves-its-limits (R72)', 'nation-limits', async (scene) => {
    const { stage } = scene;
    const { limits } = await stage.control<{ limits: { qps: number; concurrency: number } }>('GET', 'settings');
    await stage.control('POST', 'settings', { limits: { qps: Math.ceil(limits.qps / 8), concurrency: 2 } });
    await pause(scene, PACE_MS.from, PACE_MS.to);
    await stage.control('POST', 'settings', { limits: { qps: limits.qps, concurrency: limits.concurrency } });
    return 1;
  }),
];

const HOURS: readonly Fault[] = [
  act('nation-closes-for-maintenance (F36)', 'nation-hours', async (scene) => {
    await scene.stage.control('POST', 'window', { mode: 'closed' });
    await pause(scene, PACE_MS.from, PACE_MS.to);
    await scene.stage.control('POST', 'window', { mode: 'open' });
    return 1;
  }),
  act('nation-reads-only (F36)', 'nation-hours', async (scene) => {
    await scene.stage.control('POST', 'window', { mode: 'read-only' });
    await pause(scene, PACE_MS.from, PACE_MS.to);
    await scene.stage.control('POST', 'window', { mode: 'open' });
    return 1;
  }),
];

export const NATION_FAULTS: readonly Fault[] = [
  ...REPLIES, ...COMMITS, ...PAGES, ...READING, ...TOKENS, ...LIMITS, ...HOURS,
]; // prettier-ignore
