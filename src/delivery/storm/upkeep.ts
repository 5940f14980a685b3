import { isDue, repeat, type Repeating } from '../../platform/clock/index.js';
import type { Database } from '../../platform/database/index.js';
import { beijingDate, type WorkingCalendar } from '../../records/index.js';
import { missingCalendarYears, sweepLanes } from '../fair/lanes.js';
import { addThroughput, sweepPromises } from '../fair/promised-times.js';
import type { NationalLine } from './national-line.js';

const TURN_MS = 10_000;
const FAILURE_MS = 10_000;
const LANES_EVERY_MS = 60_000;
const PROMISES_EVERY_MS = 30_000;
const PURGE_EVERY_MS = 60 * 60_000;
const QUOTA_DAYS_KEPT = 90;
const THROUGHPUT_DAYS_KEPT = 2;

export interface UpkeepParts {
  readonly database: Database;
  readonly line: Pick<NationalLine, 'takeDelivered'>;
  readonly calendar: WorkingCalendar;
  readonly clock: { nowMs(): number };
  readonly report: (step: string, error: unknown) => void;
}

/** The holidays of a year are not shipped: legal deadlines are counted with its weekends only. */
export class CalendarYearMissingError extends Error {
  override name = 'CalendarYearMissingError';
}

/** What keeps the line in order beside the hot path: lanes, promised times, counts. */
export class Upkeep {
  private running: Repeating | undefined;
  private lanesDueAt = 0;
  private promisesDueAt = 0;
  private purgeDueAt = 0;

  constructor(private readonly parts: UpkeepParts) {}

  start(): void {
    if (this.running) return;
    this.warnOfCalendar();
    const onFailure = (error: unknown): void => this.parts.report('upkeep', error);
    this.running = repeat(() => this.turn(), { idleMs: TURN_MS, failureMs: FAILURE_MS, onFailure });
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    await addThroughput(this.parts.database, this.parts.line.takeDelivered());
  }

  async turn(): Promise<boolean> {
    const { database, line, calendar, clock } = this.parts;
    await addThroughput(database, line.takeDelivered());
    const now = clock.nowMs();
    if (isDue(now, this.lanesDueAt, LANES_EVERY_MS)) {
      this.lanesDueAt = now + LANES_EVERY_MS;
      await sweepLanes(database, calendar);
    }
    if (isDue(now, this.promisesDueAt, PROMISES_EVERY_MS)) {
      this.promisesDueAt = now + PROMISES_EVERY_MS;
      await sweepPromises(database);
    }
    if (isDue(now, this.purgeDueAt, PURGE_EVERY_MS)) {
      this.purgeDueAt = now + PURGE_EVERY_MS;
      await this.purge();
    }
    return false;
  }

  /** Once per start; afterwards it stands in the list of alerts. */
  private warnOfCalendar(): void {
    const { calendar, clock, report } = this.parts;
    for (const year of missingCalendarYears(beijingDate(clock.nowMs()), calendar)) {
      report('calendar', new CalendarYearMissingError(`no holidays of ${year} in config/calendar`));
    }
  }

  private async purge(): Promise<void> {
    const { database } = this.parts;
    await database.query(`DELETE FROM national_quota_day WHERE resets_at < now() - make_interval(days => $1)`, [
      QUOTA_DAYS_KEPT,
    ]);
    await database.query(`DELETE FROM delivery_throughput WHERE minute < now() - make_interval(days => $1)`, [
      THROUGHPUT_DAYS_KEPT,
    ]);
  }
}
