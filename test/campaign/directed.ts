/** Short runs that go straight to what one planted bug would break. Without the bug the judge must be silent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../harness/eventually.js';
import { CHECKOUT } from '../harness/run.js';
import type { JsonObject } from '../independent/canonical.js';
import { idNumber } from '../independent/world-numbers.js';
import { FAIL_POINTS, type FailPoint } from './build/fail-points.js';
import { makeTestBuild, type Patch } from './build/test-build.js';
import { judge, type Verdict } from './checker/judge.js';
import { collect, installWitness, measurePrograms, queueLength } from './collect.js';
import { Fleet } from './fleet/fleet.js';
import { freshStation } from './fleet/prober.js';
import { settle } from './settle.js';
import { HistoryFile } from './stage/history-file.js';
import { SCALED_NATION, SCALED_PROFILE, Stage, type StageOptions } from './stage/stage.js';
import { revive } from './nemesis/fault.js';
import type { StationItem } from '../independent/station-types.js';

export interface Scene {
  readonly stage: Stage;
  readonly fleet: Fleet;
  /** Promises a record to the judge, and pushes it until there is a receipt. */
  push(items: readonly StationItem[], fate?: string, codes?: readonly string[]): Promise<void>;
  stateOf(item: StationItem): Promise<string | null>;
  reach(item: StationItem, ...states: string[]): Promise<void>;
}

export interface Directed {
  readonly play: (scene: Scene) => Promise<void>;
  readonly stage?: Partial<Pick<StageOptions, 'apis' | 'workers' | 'nation' | 'profile' | 'everyClock'>>;
  /** How long it may take to come to rest, and the waits that the profile speaks of, where they are not the scaled ones. */
  readonly settleMs?: number;
  readonly waits?: { readonly maxCommitLatencyMs: number; readonly readLagMs: number };
}

const SCALED_WAITS = {
  maxCommitLatencyMs: SCALED_PROFILE.consistency.maxCommitLatencyMs,
  readLagMs: SCALED_NATION.readLagMs.maxMs,
};
const SEED = 1;
const SETTLE_MS = 25_000;
const REACH_MS = 30_000;

/** Plays one directed run on a build with these patches and judges it. */
export async function playDirected(
  directed: Directed,
  patches: readonly Patch[],
  databaseUrl: string,
): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-directed-'));
  const build = makeTestBuild(CHECKOUT, patches);
  const stage = new Stage({
    root: build.root, seed: SEED, queue: 'postgres', apis: 1, workers: 1, sources: 1, folder, databaseUrl,
    profile: SCALED_PROFILE, ...directed.stage,
    nation: { ...SCALED_NATION, duplicateMode: 'silent-second-row', ...directed.stage?.nation },
  }); // prettier-ignore
  try {
    await stage.start();
    await installWitness(stage.databaseUrl);
    await playOn(stage, directed);
    return judge(folder);
  } finally {
    await stage.close();
    build.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function playOn(stage: Stage, directed: Directed): Promise<void> {
  const history = new HistoryFile(join(stage.options.folder, 'stations.ndjson'));
  const fleet = new Fleet({
    apiBases: stage.apiBases, sources: stage.sources, seed: SEED, history, itemsPerSecond: 100, streamFrom: 1,
  }); // prettier-ignore
  try {
    await directed.play(sceneOf(stage, fleet));
    const isQuiet = await settle(stage.databaseUrl, fleet, directed.settleMs ?? SETTLE_MS);
    await collect(stage, {
      seed: SEED, replay: 'the spec that played it', isQuiet, isReadWhole: true, leaks: [], recoveries: [], crashes: [],
      massEffects: [], ...(directed.waits ?? SCALED_WAITS),
      programs: measurePrograms(stage), queueLength: await queueLength(stage),
    }); // prettier-ignore
  } finally {
    fleet.close();
    history.close();
  }
}

function sceneOf(stage: Stage, fleet: Fleet): Scene {
  const source = stage.sources[0]?.appKey ?? '';
  const stateOf = async ({ kind, sourceId }: StationItem): Promise<string | null> => {
    const status = await fleet.clients()[0]?.status(kind, sourceId);
    return status?.state ?? null;
  };
  return {
    stage, fleet, stateOf,
    push: async (items, fate = 'mirrored', codes = []) => {
      for (const { kind, sourceId } of items) fleet.plan(source, { kind, sourceId, fate, codes });
      await fleet.pushOnce(items);
    },
    reach: async (item, ...states) => {
      const isThere = async (): Promise<boolean> => states.includes((await stateOf(item)) ?? '');
      await eventually(isThere, { timeoutMs: REACH_MS, what: `${item.sourceId} ${states.join(' or ')}` });
    },
  }; // prettier-ignore
}

const pointNamed = (name: string): FailPoint => FAIL_POINTS.find((one) => one.name === name) as FailPoint;

/** The next single writes of the nation meet this. */
const strikeWrites = (stage: Stage, point: string, effect: object, times = 1): Promise<unknown> =>
  stage.control('POST', 'faults', { point, match: { op: 'write' }, effect, times });

async function killOne(stage: Stage, name: string): Promise<void> {
  await stage.program(name).kill();
  await revive(stage.program(name));
}

const changed = (item: StationItem, revision: number, address: string): StationItem => ({
  ...item, revision, data: { ...item.data, address },
}); // prettier-ignore

const withdrawn = ({ kind, sourceId }: StationItem, revision: number): StationItem => ({
  kind, sourceId, revision, op: 'void', reason: '重复登记',
}); // prettier-ignore

const VOLUNTEER_DATA: JsonObject = {
  name: '测试甲', idType: '01', gender: '1', birthDate: '1980-03-05', mobile: '13900000002',
  idNo: idNumber({ birthDate: '1980-03-05', gender: '1', serial: 7 }),
  serviceAreaCode: '533401101001', residenceAreaCode: '533401000000',
  consent: { at: '2026-01-05T10:00:00+08:00', channel: 'PAPER', recordedBy: '测试登记员' },
  joinedOn: '2026-01-05', status: 'ACTIVE',
}; // prettier-ignore

/** A row of the same person that somebody else registered: the same number, else the two could not become one. */
const FOREIGN_VOLUNTEER = {
  name: '测试甲', idType: '01', idNo: idNumber({ birthDate: '1980-03-05', gender: '1', serial: 7 }), gender: '1',
  birthDate: '1980-03-05', mobile: '13900000003', serviceAreaCode: '533401101001',
  residenceAreaCode: '533401000000', consentAt: '2026-01-05T10:00:00+08:00', joinedOn: '2026-01-05', status: 'ACTIVE',
}; // prettier-ignore

/** By the number of the canary that it is made for. */
export const DIRECTED: Readonly<Record<number, Directed>> = {
  1: {
    play: async ({ stage, push }) => {
      for (let round = 0; round < 3; round += 1) {
        await push([freshStation(round)]);
        await killOne(stage, 'api-0');
      }
    },
  },
  2: { play: ({ push }) => push([freshStation(1)]) },
  3: {
    play: async ({ stage, push }) => {
      await strikeWrites(stage, 'after-commit-before-reply', { type: 'reset' }, 2);
      await push([freshStation(1)]);
    },
  },
  4: {
    play: async ({ stage, push }) => {
      await strikeWrites(stage, 'before-commit', { type: 'status', status: 502 });
      await push([freshStation(1)]);
    },
  },
  5: {
    // What is read is what stands, but for the look-ups that are told otherwise.
    stage: { nation: { readLagMs: 0 } },
    play: async ({ stage, push, reach }) => {
      const item = freshStation(1);
      // The first look-ups see nothing, so that the row is changed by somebody else before it is found.
      await stage.control('POST', 'faults', {
        point: 'before-validate',
        match: { path: '/lookup$' },
        effect: { type: 'read-lag', ms: 60_000 },
        times: 2,
      });
      await strikeWrites(stage, 'after-commit-before-reply', { type: 'reset' });
      await push([item], 'attention', ['2002']);
      await reach(item, 'unknown');
      const { rows } = await stage.control<{ rows: { nationalId: string }[] }>('GET', 'ledger?entity=stations');
      await stage.control('POST', 'national-edit', {
        nationalId: rows[0]?.nationalId,
        set: { address: '别处改过的地址' },
      });
    },
  },
  6: {
    play: async ({ push, reach }) => {
      const item = freshStation(1);
      await push([changed(item, 5, '新地址')]);
      await reach(item, 'mirrored');
      await push([changed(item, 3, '旧地址')]);
    },
  },
  7: {
    stage: { workers: 2 },
    play: async ({ stage, push, reach }) => {
      const item = freshStation(1);
      stage.arm(pointNamed('W6'), { effect: 'stop' });
      await push([item]);
      await eventually(() => stage.hasFired(pointNamed('W6')), { timeoutMs: REACH_MS, what: 'a worker frozen' });
      // The other takes over when the lease is over, looks up, and is done; only then the first wakes.
      await reach(item, 'mirrored');
      for (const name of stage.names('worker')) stage.program(name).signal('SIGCONT');
      await sleep(1_500);
    },
  },
  8: {
    play: async ({ stage, push }) => {
      stage.arm(pointNamed('W2'), { effect: 'kill9' });
      await push([freshStation(1)]);
      await stage.program('worker-0').gone();
      await revive(stage.program('worker-0'));
    },
  },
  9: {
    play: async ({ stage, fleet }) => {
      const source = stage.sources[0]?.appKey ?? '';
      const items = [1, 2, 3, 4].map((number) => freshStation(number));
      const [, second] = items;
      // One name in one place belongs to one station: the nation takes the first and refuses the second (2010).
      if (second) second.data = { ...second.data, name: items[0]?.data.name ?? '' };
      for (const [at, { kind, sourceId }] of items.entries()) {
        const plan = at < 2 ? { fate: 'clash:9', codes: ['2010'] } : { fate: 'mirrored', codes: [] };
        fleet.plan(source, { kind, sourceId, ...plan });
      }
      await fleet.pushOnce(items);
    },
  },
  10: {
    play: async ({ stage, push, reach }) => {
      const item = freshStation(1);
      await strikeWrites(stage, 'after-commit-before-reply', { type: 'reset' });
      await push([item]);
      await reach(item, 'unknown', 'sending');
      await push([withdrawn(item, 1)]);
    },
  },
  11: { play: ({ push }) => push([freshStation(1)]) },
  12: {
    stage: { everyClock: true },
    play: async ({ stage, push }) => {
      stage.shiftClock('worker', 3_600);
      await sleep(2_500); // libfaketime looks at its file once a second
      await strikeWrites(stage, 'after-commit-before-reply', { type: 'reset' });
      await push([freshStation(1)]);
    },
  },
  13: {
    stage: {
      workers: 2,
      nation: {
        limits: { qps: null, burst: 20, concurrency: 2, batchItems: 1 },
        latency: { p50Ms: 150, p99Ms: 400 },
      },
    },
    play: ({ push }) => push(Array.from({ length: 40 }, (_, number) => freshStation(number))),
  },
  14: {
    play: async ({ push, reach }) => {
      const item = freshStation(1);
      await push([item]);
      await reach(item, 'mirrored');
      await sleep(2_500);
      await push([item]);
    },
  },
  16: {
    play: async ({ stage, push, reach }) => {
      const item: StationItem = { kind: 'volunteer', sourceId: 'V.1', revision: 0, data: VOLUNTEER_DATA };
      await push([item]);
      await reach(item, 'mirrored');
      const survivor = await loadForeign(stage);
      const { rows } = await stage.control<{ rows: { nationalId: string; bizNo: string | null }[] }>(
        'GET',
        'ledger?entity=volunteers',
      );
      const own = rows.find(({ bizNo }) => bizNo !== null)?.nationalId;
      await stage.control('POST', 'merge', { entity: 'volunteers', from: own, to: survivor });
      await push([{ ...item, revision: 1, data: { ...VOLUNTEER_DATA, mobile: '13900000004' } }]);
    },
  },
};

async function loadForeign(stage: Stage): Promise<string> {
  await stage.control('POST', 'bulk-load', { entity: 'volunteers', data: FOREIGN_VOLUNTEER });
  const { rows } = await stage.control<{ rows: { nationalId: string; bizNo: string | null }[] }>(
    'GET',
    'ledger?entity=volunteers',
  );
  const foreign = rows.find(({ bizNo }) => bizNo === null);
  if (!foreign) throw new Error('the foreign row was not loaded');
  return foreign.nationalId;
}

/** For messages of specs: what the judge said. */
export const told = ({ violations }: Verdict): string[] =>
  violations.map(({ invariant, key, what }) => `${invariant} ${key}: ${what}`);
