import type { Clock, GatewayLogger } from '../ports.js';

export interface TimeSample {
  /** Epoch ms that the nation said. */
  readonly serverMs: number;
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

/** The nation's clock as seen from here. */
export interface NationalClock {
  nowMs(): number;
  observe(sample: TimeSample): void;
}

interface ClockSettings {
  readonly maxOffsetMs: number;
  readonly alertOffsetMs: number;
}

/**
 * The server spoke somewhere between our sending and receiving, so the true offset lies in
 * [server − received, server − sent]. An offset inside that stays (it may come from a quicker call); one outside is
 * replaced by the middle. That follows a jump of either clock at once and never drifts with slow replies.
 */
export function createNationalClock(clock: Clock, settings: ClockSettings, logger: GatewayLogger): NationalClock {
  let offsetMs = 0;
  let narrowestMs = Infinity;
  return {
    nowMs: () => clock.nowMs() + offsetMs,
    observe({ serverMs, sentAtMs, receivedAtMs }) {
      const low = serverMs - receivedAtMs;
      const high = serverMs - sentAtMs;
      const isInside = low <= offsetMs && offsetMs <= high;
      const middle = Math.round((low + high) / 2);
      if (Math.abs(middle) > settings.maxOffsetMs) return;
      if (isInside && high - low >= narrowestMs) return;
      const isJump = !isInside && Math.abs(middle) > settings.alertOffsetMs;
      if (isJump) logger.warn({ offsetMs: middle }, 'national clock differs from ours');
      offsetMs = middle;
      narrowestMs = high - low;
    },
  };
}
