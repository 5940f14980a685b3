/** Database, queue, links and clocks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:net';
import { startRedis } from '../../harness/redis.js';
import { shuffled } from '../../independent/canonical.js';
import { faketimeLibrary, type LinkName, type Stage } from '../stage/stage.js';
import type { LinkMode } from '../stage/tcp-proxy.js';
import { oneOf, pause, type Fault, type Scene } from './fault.js';

const ownPostgres = (stage: Stage): NonNullable<Stage['postgres']> => {
  if (!stage.postgres) throw new Error('this stage has no database of its own');
  return stage.postgres;
};

const database = (name: string, run: (scene: Scene) => Promise<number>): Fault => ({
  name, class: 'database', kills: 0, run,
}); // prettier-ignore

export const DATABASE_FAULTS: readonly Fault[] = [
  database('database-restart-immediate', async ({ stage, random }) => {
    await ownPostgres(stage).restartImmediately(random() * 1_500);
    return 1;
  }),
  database('database-terminate-backends', async ({ stage, random }) => {
    let hit = 0;
    for (let round = 0; round < 5; round += 1) {
      hit += await ownPostgres(stage).terminateBackends(0.5);
      await sleep(100 + random() * 300);
    }
    return hit;
  }),
  database('database-kill-backend', async ({ stage }) => {
    await ownPostgres(stage).killBackend();
    await sleep(500);
    return 1;
  }),
  database('database-freeze', async (scene) => {
    ownPostgres(scene.stage).freeze();
    await pause(scene, 2_000, 5_000);
    ownPostgres(scene.stage).thaw();
    return 1;
  }),
];

const ownRedis = (stage: Stage): NonNullable<Stage['redis']> => {
  if (!stage.redis) throw new Error('this stage has no Redis');
  return stage.redis;
};

const redis = (name: string, run: (scene: Scene) => Promise<number>): Fault => ({
  name, class: 'redis', kills: 0, run,
}); // prettier-ignore

/** Spoken by hand: a client library would try again by itself. */
function say(url: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString());
    });
    socket.once('error', reject);
  });
}

async function withMemory(scene: Scene, policy: string): Promise<number> {
  const { url } = ownRedis(scene.stage);
  await say(url, `CONFIG SET maxmemory-policy ${policy}`);
  await say(url, 'CONFIG SET maxmemory 1mb');
  await pause(scene, 1_500, 3_000);
  await say(url, 'CONFIG SET maxmemory 0');
  const answer = await say(url, 'CONFIG SET maxmemory-policy noeviction');
  return answer.startsWith('+OK') ? 1 : 0;
}

export const REDIS_FAULTS: readonly Fault[] = [
  redis('redis-flush', async ({ stage }) => {
    await ownRedis(stage).flushAll();
    return 1;
  }),
  redis('redis-kill-empty', async (scene) => {
    const { stage } = scene;
    const { url } = ownRedis(stage);
    await ownRedis(stage).kill();
    await pause(scene, 300, 2_000);
    stage.redis = await startRedis(Number(new URL(url).port));
    return 1;
  }),
  redis('redis-freeze', async (scene) => {
    const { pid } = ownRedis(scene.stage);
    process.kill(pid, 'SIGSTOP');
    await pause(scene, 2_500, 6_000);
    process.kill(pid, 'SIGCONT');
    return 1;
  }),
  redis('redis-evicts', (scene) => withMemory(scene, 'allkeys-lru')),
  redis('redis-full', (scene) => withMemory(scene, 'noeviction')),
];

const MODES: readonly LinkMode[] = [
  { kind: 'swallow', afterMs: 400 },
  { kind: 'reset' },
  { kind: 'cut' },
  { kind: 'blackhole' },
  { kind: 'one-way' },
  { kind: 'delay', ms: 300 },
  { kind: 'refuse' },
];

const link = (name: LinkName, mode: LinkMode): Fault => ({
  name: `link-${name}-${mode.kind}`,
  class: name === 'redis' ? 'redis' : 'link',
  kills: 0,
  run: async (scene) => {
    const proxies = scene.stage.links.get(name) ?? [];
    for (const proxy of proxies) proxy.set(mode);
    await pause(scene, 1_000, 4_000);
    const struck = proxies.reduce((sum, proxy) => sum + proxy.struck, 0);
    for (const proxy of proxies) proxy.heal();
    return struck;
  },
});

export const linkFaults = (names: readonly LinkName[]): Fault[] =>
  names.flatMap((name) => MODES.map((mode) => link(name, mode)));

/** Stops the links one by one and heals them in another order (FoundationDB's swizzle-clogging). */
export const SWIZZLE: Fault = {
  name: 'swizzle',
  class: 'swizzle',
  kills: 0,
  run: async ({ stage, random }) => {
    const all = [...stage.links.values()].flat();
    const some = shuffled(all, random).slice(0, 2 + Math.floor(random() * (all.length - 1)));
    for (const proxy of some) {
      proxy.set(oneOf(random, [{ kind: 'blackhole' }, { kind: 'one-way' }] as const));
      await sleep(200 + random() * 600);
    }
    for (const proxy of shuffled(some, random)) {
      proxy.heal();
      await sleep(100 + random() * 500);
    }
    return some.length;
  },
};

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

const clock = (role: 'api' | 'worker', seconds: number): Fault => ({
  name: `clock-${role}${seconds < 0 ? '' : '+'}${seconds / HOUR_S}h`,
  class: 'clock',
  kills: 0,
  run: async (scene) => {
    scene.stage.shiftClock(role, seconds);
    // libfaketime looks at its file once a second.
    await pause(scene, 3_000, 5_000);
    scene.stage.shiftClock(role, 0);
    await sleep(1_500);
    return 1;
  },
});

/** The api judges dates by its own clock, so its is never put back beyond a day's edge: a station would be refused. */
export const clockFaults = (): Fault[] =>
  faketimeLibrary() === null
    ? []
    : [
        ...[-DAY_S, -HOUR_S, HOUR_S, 3 * DAY_S].map((seconds) => clock('worker', seconds)),
        ...[HOUR_S, 3 * DAY_S].map((seconds) => clock('api', seconds)),
      ];
