import type { GatewayOutcome } from '../../national/index.js';

/**
 * What an outcome says of the line, not of the record: pure. `good` = the nation works, whatever it thinks of the
 * content; `bad` = it does not; `silent` = neither (it was never asked, or it only asks for patience).
 */
export type Health = 'good' | 'bad' | 'silent';

/** Our own word for a call that was not made: it says nothing about the nation. */
export const NOT_SENT = 'NOT_SENT';
/** Unclear for one number only, or said before anything was looked at. */
const OF_THE_CALL_ALONE = new Set(['1004', '2003', '3001', '3003', 'NOT_NAMED', 'NAMED_TWICE', 'NO_RECEIPT']);

export function healthOf(outcome: GatewayOutcome): Health {
  if (outcome.code === NOT_SENT || outcome.class === 'QUOTA') return 'silent';
  switch (outcome.class) {
    case 'AMBIG':
      return OF_THE_CALL_ALONE.has(outcome.code) ? 'silent' : 'bad';
    case 'RETRY':
      // 0 = only too large (1306): the nation is well and says so.
      return outcome.retryAfterMs === 0 ? 'good' : 'bad';
    case 'HALT':
      return outcome.isSoft ? 'bad' : 'silent';
    default:
      return 'good';
  }
}

/** Of a call whose entries were answered one by one: bad only when the nation could do none of them. */
export function healthOfItems(items: ReadonlyMap<string, GatewayOutcome>): Health {
  const healths = [...items.values()].map(healthOf);
  if (healths.includes('good')) return 'good';
  return healths.includes('bad') ? 'bad' : 'silent';
}

/** Codes that a changed dictionary or format would bring, and a station's own mistake only now and then (F39). */
const FORMAT_CODES = new Set(['2201', '2202']);

/** Entries that were judged, and those refused with the code of this class that came most. */
export interface Judged {
  readonly entries: number;
  readonly refused: number;
  readonly code: string | null;
}

export function judgedOf(outcomes: Iterable<GatewayOutcome>): Judged {
  const byCode = new Map<string, number>();
  let entries = 0;
  for (const outcome of outcomes) {
    if (healthOf(outcome) !== 'good') continue;
    entries += 1;
    if (outcome.class !== 'REJECT' || !FORMAT_CODES.has(outcome.code)) continue;
    byCode.set(outcome.code, (byCode.get(outcome.code) ?? 0) + 1);
  }
  const [code = null, refused = 0] = [...byCode].sort(([, one], [, other]) => other - one)[0] ?? [];
  return { entries, refused, code };
}
