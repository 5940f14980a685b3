/** What must have happened at least once, else the run proved less than it says (Antithesis' "sometimes"). */
import type { Evidence } from './checker/evidence.js';
import type { WireEvent } from './stage/wire-tap.js';

type Sighting = (evidence: Evidence) => number;

const replies =
  (test: (reply: Extract<WireEvent, { type: 'reply' }>) => boolean): Sighting =>
  ({ wire }) =>
    wire.filter((event) => event.type === 'reply' && test(event)).length;
const requests =
  (test: (request: Extract<WireEvent, { type: 'request' }>) => boolean): Sighting =>
  ({ wire }) =>
    wire.filter((event) => event.type === 'request' && test(event)).length;
const attempts =
  (test: (attempt: Evidence['ledger']['attempts'][number]) => boolean): Sighting =>
  ({ ledger }) =>
    ledger.attempts.filter(test).length;

/** Branches by which the adapter comes back, each seen from outside. */
export const RECOVERY_BRANCHES: Readonly<Record<string, Sighting>> = {
  'a station got no answer and asked again': ({ stations }) => stations.filter(({ type }) => type === 'info').length,
  'what had been taken unseen was told as a duplicate': unseenDuplicates,
  'the door said 503 while the database was away': ({ stations }) =>
    stations.filter((event) => event.type === 'info' && /^HTTP 503/.test(event.why)).length,
  'an answer of the nation was lost': ({ wire }) => wire.filter(({ type }) => type === 'lost').length,
  'a call of a dead worker was planned again, as no byte had left': ({ ledger }) =>
    ledger.callChanges.filter(({ fromStage, toStage }) => fromStage === 'sending' && toStage === 'planned').length,
  'an unknown outcome was looked up and settled': attempts(({ lookups, stage }) => lookups > 0 && stage === 'closed'),
  'a look-up was made': requests(({ path }) => path.endsWith('/lookup')),
  'a look-up found what was in doubt': replies(({ items }) => items?.some(({ found = 0 }) => found > 0) ?? false),
  'a batch was asked for by our own number': requests(({ path }) => path.includes('clientBatchNo=')),
  'a write proved absent was sent again': attempts(({ outcomeCode }) => outcomeCode === 'NOT_COMMITTED'),
  'a token was refused and renewed': replies(({ code }) => code === '1005' || code === '1006'),
  'the nation answered a page instead of an envelope': replies(({ status }) => status >= 500),
  'the nation was closed and the line waited': replies(({ code }) => code === '1304' || code === '1303'),
  'the nation said too fast': replies(({ code }) => code === '1301' || code === '1305'),
};

function unseenDuplicates({ taken, unsure }: Evidence): number {
  let count = 0;
  for (const [key, items] of unsure) {
    const own = taken.get(key) ?? [];
    if (items.some((item) => own.some((one) => one.outcome === 'duplicate' && one.item === item))) count += 1;
    else if (own.some((one) => one.outcome === 'duplicate')) count += 1;
  }
  return count;
}

export function missingBranches(evidence: Evidence): string[] {
  return Object.entries(RECOVERY_BRANCHES)
    .filter(([, sighting]) => sighting(evidence) === 0)
    .map(([name]) => name);
}

export const branchCounts = (evidence: Evidence): Record<string, number> =>
  Object.fromEntries(Object.entries(RECOVERY_BRANCHES).map(([name, sighting]) => [name, sighting(evidence)]));
