import { z } from 'zod';
import { instantOf } from '../call/envelope.js';
import type { GatewayParts } from '../gateway-parts.js';
import type { NationalStatus, StatusAnswer } from '../gateway.js';
import { notReadable } from './receipt.js';

const DAY_MS = 86_400_000;
const BEIJING_OFFSET_MS = 8 * 3_600_000;

/** §1.16 A16; more members than these are allowed and ignored. */
const StatusSchema = z.object({
  mode: z.enum(['open', 'read-only', 'closed']),
  window: z.object({ writesFrom: z.string(), writesTo: z.string() }).nullish(),
  quota: z
    .object({ limit: z.number().nullish(), used: z.number().default(0), resetAt: z.string().nullish() })
    .nullish(),
  limits: z.object({
    batchItems: z.int().positive(),
    batchBytes: z.int().positive(),
    qps: z.number().positive().nullish(),
    concurrency: z.number().positive().nullish(),
  }),
});

type Announced = z.output<typeof StatusSchema>;

/** What the nation announces about itself; `batchItems` is already lowered by what 1306 taught. */
export async function readStatus(parts: GatewayParts): Promise<StatusAnswer> {
  const { paths } = parts.profile.spec;
  const answer = await parts.caller.call({
    operation: 'status',
    method: 'GET',
    path: paths.status,
    query: '',
    body: null,
    isWrite: false,
  });
  if (answer.verdict.class !== 'OK') {
    return { status: 'failed', outcome: parts.items.outcomeOf(answer.spoken, answer.verdict, parts.contextOf(null)) };
  }
  const parsed = StatusSchema.safeParse(answer.spoken.payload);
  if (!parsed.success) return { status: 'failed', outcome: notReadable() };
  return { status: 'ok', value: statusOf(parts, parsed.data) };
}

function statusOf(parts: GatewayParts, said: Announced): NationalStatus {
  const { batchItems, batchBytes, qps, concurrency } = said.limits;
  return {
    mode: said.mode,
    limits: {
      batchItems: parts.limits.under(batchItems),
      batchBytes,
      qps: qps ?? null,
      concurrency: concurrency ?? null,
    },
    quota: {
      limit: said.quota?.limit ?? null,
      used: said.quota?.used ?? 0,
      resetAtMs: instantOf(said.quota?.resetAt),
    },
    writesOpenInMs: writesOpenInMs(said, parts.nationalClock.nowMs(), parts.profile.spec.limits.closedProbeMs),
  };
}

/**
 * Time until writes open: to the start of the window when outside it; when the mode alone forbids writing nobody
 * knows how long, so it is the time to the next question.
 */
export function writesOpenInMs(
  said: Pick<Announced, 'mode' | 'window'>,
  nationalNowMs: number,
  closedProbeMs: number,
): number | null {
  const from = msOfDay(said.window?.writesFrom);
  const to = msOfDay(said.window?.writesTo);
  const now = (nationalNowMs + BEIJING_OFFSET_MS) % DAY_MS;
  const isOutside = from !== null && to !== null && from !== to && !isBetween(now, from, to);
  if (isOutside) return (from - now + DAY_MS) % DAY_MS;
  return said.mode === 'open' ? null : closedProbeMs;
}

function isBetween(now: number, from: number, to: number): boolean {
  return from < to ? from <= now && now < to : now >= from || now < to;
}

/** `06:00` → ms since midnight; `24:00` is the end of the day. */
function msOfDay(text: string | undefined): number | null {
  const parts = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text ?? '');
  if (!parts) return null;
  return (Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3] ?? 0)) * 1000;
}
