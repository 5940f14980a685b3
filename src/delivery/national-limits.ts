import { isDue } from '../platform/clock/index.js';
import type { Database } from '../platform/database/index.js';
import type { NationalGateway, NationalStatus } from '../national/index.js';
import { closeGate, gateOf, openAnnounced, type GateScope } from './gates.js';
import { releaseHeld } from './held-back.queries.js';

const REFRESH_MS = 30_000;
/** After a failed look the last known limits stay; the next look comes sooner. */
const RETRY_MS = 5_000;
/** A closed nation tells when it opens; when it does not, it is asked again after this. */
const CLOSED_RECHECK_MS = 30_000;

/**
 * What `/sys/status` announces, kept fresh (G-76). Until the first answer nothing is sent: the batch size is not known.
 */
export class NationalLimits {
  private status: NationalStatus | null = null;
  private refreshDueAt = 0;
  private refreshing: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    private readonly gateway: NationalGateway,
    private readonly clock: { nowMs(): number },
    private readonly report: (step: string, error: unknown) => void,
  ) {}

  current(): NationalStatus['limits'] {
    return this.status?.limits ?? { batchItems: 1, batchBytes: 1, qps: 1, concurrency: 1 };
  }

  /** The announced limits turned out to be wrong (1306): ask again before the next call is planned. */
  expire(): void {
    this.refreshDueAt = 0;
  }

  /** The newest status, refreshed when it is old; null while the nation has never answered. */
  async fresh(): Promise<NationalStatus | null> {
    if (isDue(this.clock.nowMs(), this.refreshDueAt, REFRESH_MS)) {
      this.refreshing ??= this.refresh()
        .catch((error: unknown) => this.report('read-limits', error))
        .finally(() => (this.refreshing = null));
      if (this.status === null || this.refreshDueAt === 0) await this.refreshing;
    }
    return this.status;
  }

  private async refresh(): Promise<void> {
    const answer = await this.gateway.status();
    if (answer.status === 'failed') {
      this.refreshDueAt = this.clock.nowMs() + RETRY_MS;
      const gate = gateOf(answer.outcome, '*');
      if (gate) await closeGate(this.database, gate, answer.outcome);
      return;
    }
    this.status = answer.value;
    this.refreshDueAt = this.clock.nowMs() + REFRESH_MS;
    const closed = announcedGate(answer.value);
    if (closed) await closeGate(this.database, closed, { code: closed.code, message: closed.reason });
    else if (await openAnnounced(this.database)) await releaseHeld(this.database);
  }
}

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
