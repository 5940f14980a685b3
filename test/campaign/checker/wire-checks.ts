/** I11–I13 and I17: what really travelled to the nation, seen by our own proxy. */
import type { WireEvent } from '../stage/wire-tap.js';
import type { Evidence, LedgerAttempt } from './evidence.js';
import { broken, type Check, type Violation } from './violation.js';

type Request = Extract<WireEvent, { type: 'request' }>;
type Reply = Extract<WireEvent, { type: 'reply' }>;

/** One write of one number, and what came of it as far as the wire shows. */
interface Write {
  readonly request: Request;
  readonly bizNo: string;
  readonly version: number;
  readonly op: string;
  /** null = lost, or still open at the end. */
  readonly reply: Reply | null;
  readonly endedAt: number;
}

/** A moment at which the nation told something about a number. */
interface Told {
  readonly at: number;
  readonly askedAt: number;
  readonly by: 'lookup' | 'receipt';
  readonly code: string | null;
  readonly found: number;
  readonly clientBatchNo: string | null;
  readonly path: string;
}

export interface WireBook {
  readonly writes: ReadonlyMap<string, readonly Write[]>;
  readonly told: ReadonlyMap<string, readonly Told[]>;
  readonly requests: readonly Request[];
  readonly replies: ReadonlyMap<number, Reply>;
  readonly lost: ReadonlyMap<number, number>;
}

const STORED = new Set(['0000', '2001', '2003']);
/** Certainly not processed: refused before the body was looked at (A12), by a rule, or with the word that it was not (5000). */
const isRefusal = (code: string): boolean => /^(1(?!004)\d{3}|2(?!00[13])\d{3}|5000)$/.test(code);
/** Replies of something before the nation that §1.12 does not count as ambiguous for a write. */
const isTurnedAway = (status: number): boolean =>
  [401, 404, 413, 429].includes(status) || (status >= 300 && status < 400);

export function readWire(wire: readonly WireEvent[]): WireBook {
  const requests = wire.filter((event) => event.type === 'request');
  const replies = new Map(wire.flatMap((event) => (event.type === 'reply' ? [[event.id, event] as const] : [])));
  const lost = new Map(wire.flatMap((event) => (event.type === 'lost' ? [[event.id, event.at] as const] : [])));
  const writes = new Map<string, Write[]>();
  const told = new Map<string, Told[]>();
  const add = <T>(map: Map<string, T[]>, key: string, one: T): unknown =>
    map.get(key)?.push(one) ?? map.set(key, [one]);
  for (const request of requests) {
    const reply = replies.get(request.id) ?? null;
    for (const { bizNo, version, op } of request.items ?? []) {
      const endedAt = reply?.at ?? lost.get(request.id) ?? Infinity;
      add(writes, bizNo, { request, bizNo, version, op, reply, endedAt });
    }
    if (reply?.code !== '0000') continue;
    const by = request.keys ? 'lookup' : request.path.includes('/batches') ? 'receipt' : null;
    if (by === null) continue;
    for (const { bizNo, code = null, found = 0 } of reply.items ?? []) {
      const clientBatchNo = reply.clientBatchNo ?? null;
      add(told, bizNo, { at: reply.at, askedAt: request.at, by, code, found, clientBatchNo, path: request.path });
    }
  }
  return { writes, told, requests, replies, lost };
}

/** What the wire shows of a write before the moment of the next one. */
function knownBefore(write: Write, told: readonly Told[], moment: number): 'stored' | 'refused' | 'doubt' {
  const reply = write.reply !== null && write.reply.at <= moment ? write.reply : null;
  if (reply?.code === null && isTurnedAway(reply.status)) return 'refused';
  const code = reply?.status === 200 ? reply.code : null;
  if (code !== null && STORED.has(code)) return 'stored';
  if (code !== null && isRefusal(code)) return 'refused';
  const { clientBatchNo } = write.request;
  const receipt = told.find(
    (one) =>
      one.by === 'receipt' && one.at <= moment && clientBatchNo !== undefined && one.clientBatchNo === clientBatchNo,
  );
  if (!receipt?.code) return 'doubt';
  return STORED.has(receipt.code) ? 'stored' : isRefusal(receipt.code) ? 'refused' : 'doubt';
}

/**
 * I12: before a number is written again its last write is known: by a whole answer, or by a look-up made since. The
 * same version is never written again after the nation said that it is stored, and after a doubt only when a look-up
 * found something or was made when the write could no longer be committed.
 */
export function blindResends(book: WireBook, maxCommitLatencyMs: number): Violation[] {
  const found: Violation[] = [];
  for (const [bizNo, writes] of book.writes) {
    const told = book.told.get(bizNo) ?? [];
    writes.forEach((write, at) => {
      const before = writes[at - 1];
      if (before === undefined) return;
      const known = knownBefore(before, told, write.request.at);
      const isSame = before.version === write.version && before.op === write.op;
      if (known === 'refused' || (known === 'stored' && !isSame)) return;
      const looks = told.filter(
        (one) => one.by === 'lookup' && one.askedAt >= before.request.at && one.at <= write.request.at,
      );
      const isDecided = looks.some(
        (look) => look.found > 0 || look.at - before.request.at >= maxCommitLatencyMs - CLOCK_SLACK_MS,
      );
      if (isDecided) return;
      const doubt = known === 'stored' ? 'though it was told to be stored' : `with the write before in doubt`;
      found.push(
        broken('I12', bizNo, `version ${write.version} written again ${doubt}, ${looks.length} look-ups between`),
      );
    });
  }
  return found;
}

/** Between a program's idea of "sent" and the byte that the proxy sees. */
const CLOCK_SLACK_MS = 150;

export const noBlindResend: Check = ({ wire, facts }) => blindResends(readWire(wire), facts.maxCommitLatencyMs);

/** Rows of these kinds are asked after while they are under review, which is no doubt. */
const REVIEWED = /\/(volunteers|teams|projects|certificate-requests)\//;
const LOOKUPS_ENOUGH = 2;

/**
 * G5: an unknown outcome is settled within the commit latency and two look-ups. Counted in whole look-ups, not in
 * seconds: once the latency and the nation's read lag are over, two answers are enough, and one more for each fault
 * that began meanwhile (it may have taken the answer from the worker's hand).
 */
export const unknownsAreSettled: Check = ({ wire, facts, nemesis }) => {
  const book = readWire(wire);
  const found: Violation[] = [];
  for (const [bizNo, writes] of book.writes) {
    const told = (book.told.get(bizNo) ?? []).filter(({ by, path }) => by === 'lookup' && !REVIEWED.test(path));
    writes.forEach((write, at) => {
      const end = writes[at + 1]?.request.at ?? Infinity;
      const decidedFrom = write.request.at + facts.maxCommitLatencyMs + facts.readLagMs;
      const late = told.filter(({ askedAt }) => askedAt >= decidedFrom && askedAt < end);
      const last = late.at(-1)?.at ?? decidedFrom;
      const faults = nemesis.filter(
        (one) => one.type === 'start' && one.at >= write.request.at && one.at <= last,
      ).length;
      if (late.length > LOOKUPS_ENOUGH + faults) {
        found.push(
          broken('G5', bizNo, `version ${write.version}: ${late.length} look-ups after its outcome could be known`),
        );
      }
    });
  }
  return found;
};

/** I11: every byte that left had been written down before. */
export const writtenDownFirst: Check = ({ wire, ledger }) => {
  const book = readWire(wire);
  const byBody = new Map<string, LedgerAttempt[]>();
  for (const attempt of ledger.attempts) {
    if (attempt.bodySha256 === null) continue;
    byBody.set(attempt.bodySha256, [...(byBody.get(attempt.bodySha256) ?? []), attempt]);
  }
  const found: Violation[] = [];
  for (const [bizNo, writes] of book.writes) {
    for (const { request, version } of writes) {
      // Content without enciphered fields has the same bytes in every attempt, so any of them may be this one's.
      const attempts = (byBody.get(request.bodySha256) ?? []).filter(
        (one) => one.bizNo === bizNo && one.version === version,
      );
      if (attempts.length === 0) {
        found.push(
          broken('I11', bizNo, `version ${version} left (request ${request.requestId}), no attempt has its bytes`),
        );
      } else if (!attempts.some(({ callSentAtMs }) => callSentAtMs !== null && callSentAtMs <= request.at + TICK_MS)) {
        found.push(broken('I11', bizNo, `version ${version} left before its attempt was written down`));
      }
    }
  }
  return found;
};

/** Both clocks are this machine's; their readings are cut to whole milliseconds. */
const TICK_MS = 2;

/** I13: never two writes of one number at once, and no call changed by who no longer holds it. */
export const oneWriterAtATime: Check = ({ wire, ledger }) => {
  const book = readWire(wire);
  const found: Violation[] = [];
  for (const [bizNo, writes] of book.writes) {
    writes.forEach((write, at) => {
      const before = writes[at - 1];
      if (before && write.request.at < before.endedAt && before.endedAt !== Infinity) {
        found.push(
          broken('I13', bizNo, `two writes at once (requests ${before.request.requestId}, ${write.request.requestId})`),
        );
      }
    });
  }
  for (const { callId, fromStage, toStage, hadLease } of ledger.callChanges) {
    const isResult = toStage === 'closed' || toStage === 'receipt';
    if (fromStage === 'closed')
      found.push(broken('I13', callId, `a closed call was changed (${fromStage} to ${toStage})`));
    else if (isResult && !hadLease) found.push(broken('I13', callId, `${fromStage} became ${toStage} without a lease`));
  }
  return found;
};

const LIMIT_CODES = new Set(['1301', '1302', '1305']);
const TOKENS_PER_MINUTE = 20;
const MINUTE_MS = 60_000;

/** I17: the nation never has to say that it is too much, and tokens are not asked for in a loop. */
export const limitsAreKept: Check = ({ wire, nemesis }) => {
  const book = readWire(wire);
  const excused = nemesis
    .filter(({ type, class: name }) => type === 'start' && (name === 'nation-limits' || name === 'database'))
    .map(({ at }) => at);
  const found: Violation[] = [];
  for (const reply of book.replies.values()) {
    if (!LIMIT_CODES.has(reply.code ?? '')) continue;
    const isExcused = excused.some((at) => reply.at >= at && reply.at <= at + MINUTE_MS);
    if (!isExcused) found.push(broken('I17', `request ${reply.id}`, `the nation had to answer ${reply.code}`));
  }
  return [...found, ...tokenLoops(book, nemesis)];
};

function tokenLoops(book: WireBook, nemesis: Evidence['nemesis']): Violation[] {
  const asked = book.requests.filter(({ path }) => path.endsWith('/auth/token')).map(({ at }) => at);
  return asked.flatMap((at, index) => {
    const inMinute = asked.slice(index).filter((other) => other - at < MINUTE_MS).length;
    // Every fault may cost each program a new token; without faults a token lasts half an hour.
    const faults = nemesis.filter((event) => event.type === 'start' && Math.abs(event.at - at) < MINUTE_MS).length;
    const limit = TOKENS_PER_MINUTE + 4 * faults;
    return inMinute > limit ? [broken('I17', 'tokens', `${inMinute} tokens within a minute`)] : [];
  });
}
