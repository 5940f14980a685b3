import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { LedgerReader, type ChangeEvent } from '../../src/ledger/index.js';
import { Database } from '../../src/platform/database/index.js';
import { seededIds, type Ids } from '../../src/platform/ids/index.js';
import { createVault, openKeyStore, type Vault } from '../../src/platform/vault/index.js';
import { createTestDatabase, type TestDatabase } from '../harness/database.js';
import { daysAgo } from '../integration/ledger/station-world.js';
import type { Fault, Task } from './faults.js';
import { buildHouse, type House } from './house.js';
import { verdictAtRest, verdictNow } from './invariants.js';
import { LedgerView } from './ledger-view.js';
import { HONEST, type Manners } from './model-gateway.js';
import { ModelNation } from './model-nation.js';
import type { Command, NationTurn } from './scenario.js';
import { Station, WORLD } from './station.js';
import { SEARCH_PATH, VirtualTime } from './virtual-time.js';

/** Each step takes a moment, so that no two happen at the same time. */
const STEP_MS = 5;
/** Rounds of the quiet end; a look-up, its proof, a resend and its receipt take about ten of them. */
const MOST_ROUNDS = 60;
/** Longer than any lease, shorter than the commit latency: the quiet end passes through every kind of waiting. */
const ROUND_MS = 41_000;
/** Long enough for most receipts, reviews and retries, too short for a proof. */
const GO_ON_MS = 6_000;
const IDS_SEED = 533_401;
const POOL_SIZE = 6;

const SOURCE = { id: '01900000-0000-7000-8000-000000005334', appKey: 'k_model', areaCode: '5334' };
/** Another worker has the call now: what a worker that stood still too long is told (I13). */
const EXPECTED_ERRORS = ['LeaseLostError'];

/** A run broke an invariant; the message lists what. */
export class ModelViolation extends Error {
  override name = 'ModelViolation';
}

interface Means {
  readonly database: TestDatabase;
  readonly pool: Pool;
  /** Reads and clock: a way to the database on which no fault strikes. */
  readonly quietPool: Pool;
  readonly vault: Vault;
  readonly folder: string;
}

/** One database for many runs, and everything that outlives a life of the adapter. */
export class ModelWorld {
  /** How often each fault struck at each port, and how often what must happen sometimes did. */
  readonly fired = new Map<string, number>();
  readonly sometimes = new Map<string, number>();
  readonly time: VirtualTime;
  readonly view: LedgerView;
  readonly reader: LedgerReader;
  readonly rings: string[] = [];
  nation: ModelNation;
  station = new Station(SOURCE);
  house: House;
  private ids: Ids;
  private readonly tasks: Task[] = [];
  private readonly unexpected: string[] = [];
  private manners: Manners = HONEST;

  private constructor(private readonly means: Means) {
    this.time = new VirtualTime(means.quietPool);
    this.view = new LedgerView(means.quietPool);
    this.reader = new LedgerReader(new Database(means.quietPool));
    this.nation = new ModelNation(() => this.time.nowMs());
    this.ids = seededIds(IDS_SEED, () => this.time.nowMs());
    this.house = this.build();
  }

  static async open(): Promise<ModelWorld> {
    const database = await createTestDatabase();
    const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-model-'));
    const vault = createVault(openKeyStore(folder, { mayCreate: true, nowIso: '2026-01-01T00:00:00.000Z' }));
    const quietPool = new Pool({ connectionString: database.url, max: 1, options: SEARCH_PATH });
    const pool = new Pool({ connectionString: database.url, max: POOL_SIZE, options: SEARCH_PATH });
    for (const one of [pool, quietPool]) one.on('error', () => undefined);
    const world = new ModelWorld({ database, pool, quietPool, vault, folder });
    await world.time.install();
    await world.view.install();
    return world;
  }

  async close(): Promise<void> {
    const { pool, quietPool, database, folder } = this.means;
    await Promise.all([pool.end(), quietPool.end()]);
    await database.drop();
    rmSync(folder, { recursive: true });
  }

  /** Plays a scenario from an empty house to rest; throws ModelViolation. */
  async play(commands: readonly Command[], manners: Manners = HONEST): Promise<void> {
    await this.reset(manners);
    await this.step([], false, () => this.station.push(this.house.intake, this.station.compose(EVERYTHING)));
    for (const command of commands) {
      await this.time.pass(STEP_MS);
      await this.obey(command);
      this.complain(verdictNow(await this.view.openNumbers(), await this.view.records(), this.nation));
    }
    await this.comeToRest();
    await this.house.numberEvents();
    this.complain(await verdictAtRest(this));
    const last = new Map<string, string>();
    for (const { recordId, state } of await this.feed()) {
      const from = last.get(recordId) ?? 'birth';
      if (from !== state) this.count(`${from} → ${state}`);
      last.set(recordId, state);
    }
  }

  /** What is wrong with the house as it lies; for tampering with it by hand after a run. */
  async verdict(): Promise<string[]> {
    return verdictAtRest(this);
  }

  private async reset(manners: Manners): Promise<void> {
    await this.view.clear();
    await this.time.set(Date.parse(`${daysAgo(0)}T12:00:00+08:00`));
    this.ids = seededIds(IDS_SEED, () => this.time.nowMs());
    this.nation = new ModelNation(() => this.time.nowMs());
    this.station = new Station(SOURCE);
    this.manners = manners;
    this.rings.length = 0;
    this.tasks.length = 0;
    this.unexpected.length = 0;
    this.house = this.build();
  }

  private build(): House {
    const house = buildHouse({
      pool: this.means.pool,
      clock: this.time,
      ids: this.ids,
      vault: this.means.vault,
      nation: this.nation,
      manners: this.manners,
      fired: this.fired,
      rings: this.rings,
      onProblem: (step, error) => this.note(step, error, house),
    });
    return house;
  }

  private async obey(command: Command): Promise<void> {
    const { house } = this;
    switch (command.do) {
      case 'push': {
        const items = this.station.compose(command.wishes);
        return this.step(command.faults, true, () => this.station.push(house.intake, items));
      }
      case 'repeat-push':
        return this.step(command.faults, true, () => this.station.repeat(house.intake));
      case 'look':
        return this.step(command.faults, false, () => house.look());
      case 'receipts':
        return this.step(command.faults, false, () => house.lookForReceipts());
      case 'explain-gates':
        return this.step(command.faults, false, () => house.explainGates());
      case 'work':
        return this.work(command, command.faults);
      case 'release':
        return this.release(command.held, command.faults);
      case 'pass':
        return this.time.pass(command.ms);
      case 'go-on':
        return this.goOn(command.rounds);
      case 'kill':
        return this.bury();
      case 'lose-rings':
        return void this.rings.splice(0);
      case 'decide-reviews':
        return this.nation.decideReviews();
      case 'nation':
        return this.turnNation(command.set);
    }
  }

  private turnNation(set: NationTurn): void {
    const { nation } = this;
    nation.settle();
    if ('ms' in set) {
      if (set.what === 'read-lag') nation.readLagMs = set.ms;
      else if (set.what === 'batch-delay') nation.batchDelayMs = set.ms;
      else nation.closedUntil = this.time.nowMs() + set.ms;
    } else if (set.what === 'reviews') nation.reviewsAtOnce = set.atOnce;
    else nation.batchesAtOnce = set.atOnce;
  }

  private async work(how: { ring: number; keep: boolean; goesOn: boolean }, faults: readonly Fault[]): Promise<void> {
    if (this.rings.length === 0) return;
    const at = how.ring % this.rings.length;
    const callId = this.rings[at] as string;
    if (!how.keep) this.rings.splice(at, 1);
    await this.step(faults, true, () => this.house.work(callId, how.goesOn));
  }

  /** Runs one step until it is over or stands still at a held call. */
  private async step(faults: readonly Fault[], mayHold: boolean, run: () => Promise<unknown>): Promise<void> {
    const { house } = this;
    const task: Task = { isOver: false, done: Promise.resolve() };
    house.faults.arm(task, faults, { mayHold });
    const held = house.faults.nextHeld();
    task.done = run()
      .then(() => undefined)
      .catch((error: unknown) => this.note('step', error, house))
      .finally(() => (task.isOver = true));
    this.tasks.push(task);
    await Promise.race([task.done, held]);
    await this.afterStep();
  }

  private async release(index: number, faults: readonly Fault[]): Promise<void> {
    const { house } = this;
    house.faults.arm(null, faults, { mayHold: true });
    const held = house.faults.nextHeld();
    const task = house.faults.release(index);
    if (task) await Promise.race([task.done, held]);
    await this.afterStep();
  }

  /** A step that died takes its whole life with it. */
  private async afterStep(): Promise<void> {
    this.tasks.splice(0, this.tasks.length, ...this.tasks.filter((task) => !task.isOver));
    if (!this.house.faults.isAlive) await this.bury();
    await this.markDecided();
  }

  /** The process is gone: what was held dies with it, and a new one starts on the same database and queue. */
  private async bury(): Promise<void> {
    this.house.faults.die();
    await Promise.all(this.tasks.splice(0).map((task) => task.done));
    this.house = this.build();
  }

  /** An answer counts from when it is settled: one that was heard and forgotten by a crash has to be asked for again. */
  private async markDecided(): Promise<void> {
    const open = new Set(await this.view.openNumbers());
    for (const write of this.nation.writes) if (write.isAnswered && !open.has(write.bizNo)) write.isDecided = true;
  }

  private note(step: string, error: unknown, house: House): void {
    if (house.faults.isInjected(error)) return;
    if (error instanceof Error && EXPECTED_ERRORS.includes(error.name)) return this.count(error.name);
    this.unexpected.push(`${step}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  private count(what: string): void {
    this.sometimes.set(what, (this.sometimes.get(what) ?? 0) + 1);
  }

  private complain(verdict: readonly string[]): void {
    const all = [...this.unexpected, ...this.station.wrongs, ...this.nation.wrongs, ...verdict];
    if (all.length > 0) throw new ModelViolation(all.join('\n'));
  }

  /** No more faults: everything held goes on, the nation is open, and what is due is done until nothing is. */
  private async comeToRest(): Promise<void> {
    Object.assign(this.nation, { closedUntil: 0, readLagMs: 0, reviewsAtOnce: true });
    while (this.house.faults.heldCalls > 0) await this.release(0, []);
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      this.nation.decideReviews();
      await this.quietRound();
      if (this.station.owesAnswers === 0 && (await this.view.unfinished()).length === 0) return;
      await this.time.pass(round % 2 === 0 ? ROUND_MS : STEP_MS * 400);
    }
    throw new ModelViolation(`never comes to rest:\n${(await this.view.unfinished()).join('\n')}`);
  }

  private async goOn(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      await this.time.pass(GO_ON_MS);
      await this.quietRound();
    }
  }

  private async quietRound(): Promise<void> {
    const { house, station } = this;
    if (station.owesAnswers > 0) await this.step([], false, () => station.repeat(house.intake));
    await this.step([], false, () => house.explainGates());
    await this.step([], false, () => house.look());
    await this.step([], false, () => house.lookForReceipts());
    while (this.rings.length > 0) await this.work({ ring: 0, keep: false, goesOn: true }, []);
    this.complain([]);
  }

  /** The whole feed of the station, as it reads it. */
  async feed(): Promise<ChangeEvent[]> {
    const answer = await this.reader.changes(SOURCE.id, null, 100_000);
    if (answer.isExpired) throw new ModelViolation('the feed expired');
    return [...answer.events];
  }
}

const EVERYTHING = WORLD.map((_, key) => ({ key, what: 'new' as const }));
