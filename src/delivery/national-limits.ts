import { isDue } from '../platform/clock/index.js';
import type { Database } from '../platform/database/index.js';
import type { NationalGateway, NationalStatus } from '../national/index.js';
import { closeGate, gateOf, openAnnounced, openGate, type GateScope } from './gates.js';
import { releaseHeld } from './held-back.queries.js';
import { NOT_SENT } from './storm/health.js';
import { QUOTA_RESERVED, type NationalLine } from './storm/national-line.js';
import type { Quota } from './storm/quota.js';
import { QUOTA_RESERVE } from './storm/storm-policy.js';
import { NATION, type Storm } from './storm/storm.js';

const REFRESH_MS = 30_000;
/** After a failed look the last known limits stay; the next look comes sooner. */
const RETRY_MS = 5_000;
/** A closed nation tells when it opens; when it does not, it is asked again after this. */
const CLOSED_RECHECK_MS = 30_000;

/** While a probe is due or another has it, whether the nation is back is asked this often; the probe itself has a lease. */
const PROBE_RETRY_MS = 500;

/** Storm control behind the limits; without it they are taken as announced. */
export interface LimitsStorm {
  readonly storm: Storm;
  readonly line: Pick<NationalLine, 'status'>;
  readonly quota: Quota;
}

/**
 * What `/sys/status` announces, kept fresh (G-76). Until the first answer nothing is sent: the batch size is not known.
 */
export class NationalLimits {
  private status: NationalStatus | null = null;
  private refreshDueAt = 0;
  private refreshing: Promise<void> | null = null;
  private storm: LimitsStorm | null = null;

  constructor(
    private readonly database: Database,
    private readonly gateway: NationalGateway,
    private readonly clock: { nowMs(): number },
    private readonly report: (step: string, error: unknown) => void,
  ) {}

  /** The line asks the limits and the limits ask the line, so one of them hears of the other later. */
  attach(storm: LimitsStorm): void {
    this.storm = storm;
  }

  /** The limits that hold now: announced, lowered by what 1301 and 1305 taught and by a slow start. */
  current(): NationalStatus['limits'] {
    const limits = this.status?.limits ?? UNKNOWN_LIMITS;
    return this.storm === null ? limits : this.permitted(limits, this.storm.storm);
  }

  private permitted(limits: NationalStatus['limits'], storm: Storm): NationalStatus['limits'] {
    return { ...limits, ...storm.permitted(limits, this.gateway.facts.defaultConcurrency) };
  }

  /** The announced limits turned out to be wrong (1306): ask again before the next call is planned. */
  expire(): void {
    this.refreshDueAt = 0;
  }

  /** The newest status, refreshed when it is old; null while the nation has never answered. */
  async fresh(): Promise<NationalStatus | null> {
    await this.storm?.storm.view();
    if (this.isProbeDue() || isDue(this.clock.nowMs(), this.refreshDueAt, REFRESH_MS)) {
      this.refreshing ??= this.refresh()
        .catch((error: unknown) => this.report('read-limits', error))
        .finally(() => (this.refreshing = null));
      if (this.status === null || this.refreshDueAt === 0) await this.refreshing;
    }
    return this.status === null ? null : { ...this.status, limits: this.current() };
  }

  /** The nation was down and may be tried again: the status is what it is tried with. */
  private isProbeDue(): boolean {
    const breaker = this.storm?.storm.last.breakers.get(NATION);
    return breaker !== undefined && (breaker.state === 'open' || breaker.state === 'half-open') &&
      breaker.retryInMs <= 0 && !breaker.hasProbe; // prettier-ignore
  }

  private async refresh(): Promise<void> {
    const ask = (): ReturnType<NationalGateway['status']> => this.gateway.status();
    const answer = await (this.storm?.line.status(ask) ?? ask());
    if (answer.status === 'failed') {
      const isHeld = answer.outcome.code === NOT_SENT;
      this.refreshDueAt = this.clock.nowMs() + (isHeld ? PROBE_RETRY_MS : RETRY_MS);
      if (isHeld) return;
      const gate = gateOf(answer.outcome, '*');
      if (gate) await closeGate(this.database, gate, answer.outcome);
      return;
    }
    this.status = answer.value;
    this.refreshDueAt = this.clock.nowMs() + REFRESH_MS;
    await this.adoptQuota(answer.value.quota);
    const closed = announcedGate(answer.value);
    if (closed) await closeGate(this.database, closed, { code: closed.code, message: closed.reason });
    else if (await openAnnounced(this.database)) await releaseHeld(this.database);
  }

  /** The nation's own count wins; when it leaves room again (a larger quota), what the reserve had stopped goes on. */
  private async adoptQuota(quota: NationalStatus['quota']): Promise<void> {
    if (this.storm === null) return;
    const resetsInMs = quota.resetAtMs === null ? null : quota.resetAtMs - this.gateway.nationalNowMs();
    const { limit, used } = await this.storm.quota.adopt(quota, resetsInMs);
    const hasRoom = limit === null || used < Math.floor(limit * (1 - QUOTA_RESERVE));
    if (!hasRoom) return;
    const opened = [
      await openGate(this.database, 'writes', QUOTA_RESERVED),
      await openGate(this.database, 'all', QUOTA_RESERVED),
    ];
    if (opened.includes(true)) await releaseHeld(this.database);
  }
}

const UNKNOWN_LIMITS: NationalStatus['limits'] = { batchItems: 1, batchBytes: 1, qps: 1, concurrency: 1 };

function announcedGate(
  status: NationalStatus,
): { scope: GateScope; forMs: number; code: string; reason: string } | null {
  if (status.mode === 'closed') {
    return { scope: 'all', forMs: CLOSED_RECHECK_MS, code: '1304', reason: '国家系统暂停服务' };
  }
  if (status.mode === 'read-only') {
    return { scope: 'writes', forMs: CLOSED_RECHECK_MS, code: '1304', reason: '国家系统暂停写入' };
  }
  if (status.writesOpenInMs === null) return null;
  return { scope: 'writes', forMs: status.writesOpenInMs, code: '1303', reason: '国家系统不在服务时间' };
}
