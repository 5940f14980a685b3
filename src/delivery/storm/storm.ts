import type { Database } from '../../platform/database/index.js';
import type { Ids } from '../../platform/ids/index.js';
import { closeGate, type GateScope } from '../gates.js';
import { afterReport, isRampOver, rampShare, type BreakerReport, type BreakerState } from './breaker-rules.js';
import { giveProbeBack, holdsProbe, lockBreaker, slowDown, takeProbe, writeBreaker } from './breakers.queries.js';
import type { Judged } from './health.js';
import {
  RECOVERY_PER_SECOND, SLOWEST_FACTOR, SLOW_DOWN_FACTOR, SLOW_DOWN_ONCE_MS, type BreakerPolicy, type StormPolicy,
} from './storm-policy.js'; // prettier-ignore
import { CALM, learntLimit, readStormView, type BreakerView, type StormView } from './storm-view.js';

export interface StormParts {
  readonly database: Database;
  readonly ids: Ids;
  readonly clock: { nowMs(): number };
  readonly policy: StormPolicy;
}

export const NATION = 'nation';
/** The only call that may try whether the nation is back: it costs no quota and changes nothing. */
export const STATUS = 'status';
const entityOf = (kind: string): string => `entity:${kind}`;
export const writeOf = (kind: string): string => `write:${kind}`;

/** Probes that a call carries, by operation. */
export interface Permit {
  readonly probes: readonly { readonly operation: string; readonly token: string }[];
}

export interface Refusal {
  readonly reason: string;
  readonly afterMs: number;
}

export type Admission = { readonly permit: Permit } | { readonly refusal: Refusal };

/** Says what a probe that is not ours may take before somebody looks again. */
const LOOK_AGAIN_MS = 1_000;

/**
 * The breakers of all operations as this process sees them. Going well costs nothing: the view is one short read for
 * all calls of a fifth of a second, successes are only counted here, and a row is written when something went wrong or
 * changes its state.
 */
export class Storm {
  private seen: StormView = CALM;
  private lookDueAt = Number.NEGATIVE_INFINITY;
  private looking: Promise<StormView> | null = null;
  /** Successes of this window by breaker, until they are told. */
  private readonly wells = new Map<string, { sinceMs: number; count: number }>();
  /** Breakers that are being told of a success: one telling is enough, whoever else comes meanwhile is counted. */
  private readonly telling = new Set<string>();

  constructor(private readonly parts: StormParts) {}

  /** What was seen last, at most `viewMs` old; read anew when it is older. */
  async view(): Promise<StormView> {
    const now = this.parts.clock.nowMs();
    const isFresh = now < this.lookDueAt && this.lookDueAt - now <= this.parts.policy.viewMs;
    return isFresh ? this.seen : this.look();
  }

  /** Reads the rows again now. */
  async look(): Promise<StormView> {
    this.looking ??= readStormView(this.parts.database, this.parts.policy.rampMs).finally(() => (this.looking = null));
    this.seen = await this.looking;
    this.lookDueAt = this.parts.clock.nowMs() + this.parts.policy.viewMs;
    return this.seen;
  }

  /** The view without a wait, for deciding how much to ask for. */
  get last(): StormView {
    return this.seen;
  }

  /** May this operation be called now? A permit may carry probes, which `report` or `giveBack` has to end. */
  async admit(operation: string, kind: string | null): Promise<Admission> {
    const view = await this.view();
    const probes: { operation: string; token: string }[] = [];
    const isWrite = kind !== null && operation === writeOf(kind);
    for (const name of [NATION, operation, ...(isWrite ? [entityOf(kind)] : [])]) {
      const breaker = view.breakers.get(name);
      if (!breaker || breaker.state === 'closed' || breaker.state === 'slow') continue;
      const mayProbe = name !== NATION || operation === STATUS;
      const token = mayProbe && breaker.retryInMs <= 0 ? await this.probe(name) : null;
      if (token === null) {
        await this.giveBack({ probes });
        return { refusal: { reason: breaker.reason, afterMs: Math.max(LOOK_AGAIN_MS, breaker.retryInMs) } };
      }
      probes.push({ operation: name, token });
    }
    return { permit: { probes } };
  }

  private async probe(operation: string): Promise<string | null> {
    const { database, ids, policy } = this.parts;
    const token = ids.uuid();
    return (await takeProbe(database, operation, { token, ms: policy.probeLeaseMs })) ? token : null;
  }

  /** The call was not made: the probe is the next one's. */
  async giveBack({ probes }: Permit): Promise<void> {
    for (const { operation, token } of probes) await giveProbeBack(this.parts.database, operation, token);
  }

  /** The call went well. Costs nothing unless a row has to hear of it. */
  async good(operation: string, permit: Permit): Promise<void> {
    for (const name of [NATION, operation]) {
      this.countWell(name, 1);
      if (tokenOf(permit, name) !== null) await this.report(name, { operation, failures: 0 }, permit, WELL);
      else if (this.mustHear(name) && !this.telling.has(name)) await this.tellWell(name, operation, permit);
    }
  }

  /** One lost reply among hundreds of calls must not make all of those in flight wait for one row. */
  private async tellWell(name: string, operation: string, permit: Permit): Promise<void> {
    this.telling.add(name);
    try {
      await this.report(name, { operation, failures: 0 }, permit, WELL);
    } finally {
      this.telling.delete(name);
    }
  }

  /** The call came to nothing, in the words that it came back with. */
  async bad(operation: string, permit: Permit, said: { code: string; message: string }): Promise<void> {
    const words = { code: said.code, reason: '国家系统暂时没有正常答复，恢复后自动继续' };
    for (const name of [NATION, operation]) await this.report(name, { operation, failures: 1 }, permit, words);
    this.lookDueAt = Number.NEGATIVE_INFINITY;
  }

  /** Entries of one kind were judged (F39): told when some were refused for their form, or to end a probe. */
  async judged(kind: string, judged: Judged, permit: Permit): Promise<void> {
    const name = entityOf(kind);
    const token = tokenOf(permit, name);
    this.countWell(name, judged.entries - judged.refused);
    if (judged.entries === 0 && token !== null) {
      await giveProbeBack(this.parts.database, name, token);
      return;
    }
    if (judged.refused === 0 && token === null && !this.mustHear(name)) return;
    const words = {
      code: judged.code ?? '',
      reason: '国家系统连续以同一原因退回此类记录，可能是代码表或格式有变，已停止发送并定时试发一条',
    };
    await this.report(name, { operation: name, failures: judged.refused }, permit, words);
    if (judged.refused > 0) this.lookDueAt = Number.NEGATIVE_INFINITY;
  }

  /** One word about being too fast (1301, 429, 1305): shared by all workers, once for one burst. */
  async slower(dimension: 'qps' | 'concurrency', base: number): Promise<void> {
    const rules = {
      times: SLOW_DOWN_FACTOR, slowest: SLOWEST_FACTOR, onceMs: SLOW_DOWN_ONCE_MS, perSecond: RECOVERY_PER_SECOND,
    }; // prettier-ignore
    if (await slowDown(this.parts.database, { dimension, base }, rules)) this.lookDueAt = Number.NEGATIVE_INFINITY;
  }

  /** Announced limits as they hold now: learnt, and ramping up after an outage. */
  permitted(
    announced: { qps: number | null; concurrency: number | null },
    usualConcurrency: number,
  ): {
    qps: number | null;
    concurrency: number | null;
  } {
    const speedOf = (dimension: string): StormView['speeds'][number] | undefined =>
      this.seen.speeds.find((speed) => speed.dimension === dimension);
    const qps = learntLimit(announced.qps, speedOf('qps'));
    const concurrency = learntLimit(announced.concurrency, speedOf('concurrency'));
    const share = this.share();
    if (share === 1) return { qps, concurrency: concurrency === null ? null : Math.max(1, Math.floor(concurrency)) };
    const most = Math.max(1, Math.floor((concurrency ?? usualConcurrency) * share));
    return { qps: qps === null ? null : qps * share, concurrency: most };
  }

  /** How much of the usual a slow start lets through now: after the nation's own outage or a long pause. */
  share(): number {
    const { policy } = this.parts;
    const nation = this.seen.breakers.get(NATION);
    const afterOutage = nation?.state === 'slow' ? rampShare(nation.slowAgeMs ?? 0, policy.rampMs) : 1;
    const afterPauses = this.seen.gates
      .filter(
        ({ scope, remaining_ms: left, lasted_ms: lasted }) =>
          (scope === 'all' || scope === 'writes') && left <= 0 && lasted >= policy.rampAfterMs,
      ) // prettier-ignore
      .map(({ remaining_ms: left }) => rampShare(-left, policy.rampMs));
    return Math.min(afterOutage, ...afterPauses, 1);
  }

  /**
   * Entries that one call of this kind may carry now, at most `usual`; 0 = none. Asked by the planner once per call: of
   * a probe the second asker gets 0.
   */
  mostEntries(kind: string, usual: number): number {
    let most = usual;
    for (const name of [writeOf(kind), entityOf(kind)]) {
      const breaker = this.seen.breakers.get(name);
      if (!breaker || breaker.state === 'closed') continue;
      if (breaker.state === 'slow') {
        most = Math.min(
          most,
          Math.max(1, Math.floor(usual * rampShare(breaker.slowAgeMs ?? 0, this.parts.policy.rampMs))),
        );
      } else if (breaker.retryInMs > 0 || breaker.hasProbe) return 0;
      else most = 1;
    }
    return most;
  }

  /** A probe was planned: no other is, until the view says what became of it. */
  plannedProbe(kind: string): void {
    for (const name of [writeOf(kind), entityOf(kind)]) {
      const breaker = this.seen.breakers.get(name);
      if (breaker && breaker.state !== 'closed' && breaker.state !== 'slow') {
        (this.seen.breakers as Map<string, BreakerView>).set(name, { ...breaker, hasProbe: true });
      }
    }
  }

  /** Whether the next write of the kind tries if things are well again. */
  isTrying(kind: string): boolean {
    return [writeOf(kind), entityOf(kind)].some((name) => {
      const state = this.seen.breakers.get(name)?.state;
      return state === 'open' || state === 'half-open';
    });
  }

  private countWell(name: string, count: number): void {
    const now = this.parts.clock.nowMs();
    const known = this.wells.get(name);
    const isOld = known === undefined || Math.abs(now - known.sinceMs) > this.policyOf(name).windowMs;
    this.wells.set(name, isOld ? { sinceMs: now, count } : { ...known, count: known.count + count });
  }

  /** Whether a success is news to the row: it ends a streak or the slow start. */
  private mustHear(name: string): boolean {
    const breaker = this.seen.breakers.get(name);
    if (!breaker) return false;
    if (breaker.state === 'slow') return isRampOver(breaker, this.parts.policy) || breaker.streak > 0;
    return breaker.state === 'closed' && breaker.streak > 0;
  }

  private async report(
    name: string,
    report: Pick<BreakerReport, 'operation' | 'failures'>,
    permit: Permit,
    words: { code: string; reason: string },
  ): Promise<void> {
    const successes = this.wells.get(name)?.count ?? 0;
    this.wells.delete(name);
    const policy = this.policyOf(name);
    const { database, policy: whole } = this.parts;
    await database.transaction(async (tx) => {
      const before = await lockBreaker(tx, name);
      const token = tokenOf(permit, name);
      const isProbe = token !== null && (await holdsProbe(tx, name, token));
      const next = afterReport(before, { ...report, successes, isProbe }, { policy, rampMs: whole.rampMs });
      if (next === before) return;
      await writeBreaker(tx, name, next, next.state === 'closed' ? WELL : words);
      const scope = next.state === 'open' ? scopeOf(name) : null;
      const gate = { code: words.code, message: words.reason };
      if (scope !== null) await closeGate(tx, { scope, forMs: next.retryInMs }, gate);
      this.remember(name, next, words);
    });
  }

  /** Until the next look: what was written is known here at once. */
  private remember(operation: string, next: BreakerState, words: { code: string; reason: string }): void {
    (this.seen.breakers as Map<string, BreakerView>).set(operation, { ...next, ...words, operation, probeLeftMs: 0 });
  }

  private policyOf(name: string): BreakerPolicy {
    const { policy } = this.parts;
    if (name === NATION) return policy.nation;
    return name.startsWith('entity:') ? policy.refusals : policy.operation;
  }
}

const WELL = { code: '', reason: '' };

const tokenOf = ({ probes }: Permit, name: string): string | null =>
  probes.find(({ operation }) => operation === name)?.token ?? null;

/** What rests while this breaker is open. Reads that fail rest by their own back-off, so they close nothing. */
function scopeOf(name: string): GateScope | null {
  if (name === NATION) return 'all';
  const [what, kind] = name.split(':');
  return kind !== undefined && (what === 'write' || what === 'entity') ? `kind:${kind}` : null;
}
