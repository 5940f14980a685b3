import type { Patch } from './test-build.js';

/** A realistic bug of reliability §4.4, planted into a test build. */
export interface Canary {
  readonly number: number;
  readonly name: string;
  readonly patches: readonly Patch[];
  /** Invariants of which at least one must be reported. */
  readonly breaks: readonly string[];
}

/**
 * All of §4.4 but 15 (the rewind guard is not built yet). Anchors are statements that carry the meaning, as short as
 * they may be; where a time is part of the bug (24 hours), it is scaled like every other time of these runs.
 */
export const CANARIES: readonly Canary[] = [
  {
    number: 1,
    name: 'receipt before commit',
    breaks: ['I01'],
    patches: [
      {
        file: 'ingest/intake.service',
        find: 'return this.parts.database.transaction((tx) => this.parts.ledger.accept(tx, batch));',
        put: `return new Promise((resolve, reject) => {
            this.parts.database.transaction(async (tx) => {
                const results = await this.parts.ledger.accept(tx, batch);
                resolve(results);
                await new Promise((done) => setTimeout(done, 1000));
            }).catch(reject);
        });`,
      },
    ],
  },
  {
    number: 2,
    name: 'no attempt row before send',
    breaks: ['I11'],
    patches: [{ file: 'delivery/delivery.worker', find: /await this\.writeDown\([^;]*\);/g, put: '' }],
  },
  {
    number: 3,
    name: 'resend after a timeout without a look-up',
    breaks: ['I12', 'I03'],
    patches: [
      {
        file: 'answers/settlement-rules',
        find: /case 'AMBIG':\s+return unknown\(outcome\);/g,
        put: `case 'AMBIG': return again(outcome, 'queued', 300);`,
      },
    ],
  },
  {
    number: 4,
    name: '5xx and pages are taken for success',
    breaks: ['I02', 'I03'],
    patches: [
      {
        file: 'national/call/reply-reading',
        find: /const verdict = rules\.errors\.ofHttp\([^;]*\);/g,
        put: `const verdict = { ruleId: 'planted', class: 'OK', rule: { class: 'OK' } };`,
      },
      {
        // A success that names no row is looked up, which would heal the bug: both guards have to fall.
        file: 'answers/settlement-rules',
        find: /return outcome\.nationalId === null && [^;]*;/g,
        put: 'return false;',
      },
    ],
  },
  {
    number: 5,
    name: 'a duplicate is taken for success without comparing its content',
    breaks: ['I02', 'I04'],
    patches: [
      {
        file: 'answers/unknown-outcomes',
        find: /const isSame = [^;]*;/g,
        put: 'const isSame = true;',
      },
    ],
  },
  {
    number: 6,
    name: 'the last arrival wins, not the last version',
    breaks: ['I10'],
    patches: [
      {
        file: 'ledger/revision-order',
        find: `return { outcome: 'superseded' };`,
        put: `return { outcome: 'accepted', revision: item.revision, isReopening: false };`,
      },
    ],
  },
  {
    number: 7,
    name: 'the lease is not checked on write',
    breaks: ['I13'],
    patches: [
      {
        file: 'delivery/calls.queries',
        find: /(async function holdLease[\s\S]*?)return rows\.length > 0;/g,
        put: '$1return true;',
      },
      {
        file: 'delivery/calls.queries',
        find: `WHERE id = $1 AND lease_token = $2 AND stage <> 'closed' RETURNING 1\`, [call.id, call.token, outcome.class`,
        put: `WHERE id = $$1 AND $$2::uuid IS NOT NULL RETURNING 1\`, [call.id, call.token, outcome.class`,
      },
    ],
  },
  {
    number: 8,
    name: 'the failure of a stalled call is swallowed',
    breaks: ['I18'],
    patches: [{ file: 'delivery/dispatcher', find: /await worker\.recover\([^;]*\);/g, put: 'void call;' }],
  },
  {
    number: 9,
    name: 'results of a batch are matched by position after a refused item',
    breaks: ['I02', 'I03'],
    patches: [
      {
        file: 'national/replies/receipt',
        find: /for \(const \[bizNo, outcome\] of found\)\s+items\.set\(bizNo, outcome\);/g,
        put: `const names = [...found.keys()];
        const isRefused = (outcome) => outcome.class !== 'DONE';
        const told = [...found.values()];
        [...told.filter((one) => !isRefused(one)), ...told.filter(isRefused)].forEach((one, at) => items.set(names[at], one));`,
      },
    ],
  },
  {
    number: 10,
    name: 'a void is dropped when its create is in doubt',
    breaks: ['I06'],
    patches: [
      {
        file: 'ledger/ledger.service',
        find: /if \(copy\.isGroupVoid\)/g,
        put: `if (item.op === 'void' && copy.before?.has_open_attempt) return 'voided'; $&`,
      },
    ],
  },
  {
    number: 11,
    name: 'one transition has no leaf',
    breaks: ['I14'],
    patches: [
      {
        file: 'ledger/delivery-moves',
        find: /FROM changed c, (?=\$\{)/g,
        put: `FROM (SELECT * FROM changed WHERE state <> 'mirrored') c, `,
      },
    ],
  },
  {
    number: 12,
    name: 'a due time comes from the process clock',
    breaks: ['I18'],
    patches: [
      {
        file: 'ledger/flights',
        find: '[calls, outcomeCode, delayMs, numbers]',
        put: `[calls, outcomeCode, delayMs + Date.now() - Number(
            (await tx.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS at'))[0].at), numbers]`,
      },
    ],
  },
  {
    number: 13,
    name: 'the rate limiter is one per process',
    breaks: ['I17'],
    patches: [
      {
        file: 'delivery/turns',
        find: 'const turn = this.ids.uuid();',
        put: `const own = (globalThis.plantedTurns ??= { free: limits.concurrency });
        while (own.free <= 0) await new Promise((done) => setTimeout(done, 5));
        own.free -= 1;
        try { return await call(); } finally { own.free += 1; }
        $&`,
      },
    ],
  },
  {
    number: 14,
    name: 'what makes a repeat harmless is deleted after a day',
    breaks: ['I09', 'I01'],
    patches: [
      {
        file: 'ledger/ledger.service',
        find: /async accept\(tx, batch\) \{/g,
        put: `$& await tx.query("DELETE FROM record WHERE state = 'mirrored' AND since < now() - interval '2 seconds'");`,
      },
    ],
  },
  {
    number: 16,
    name: 'a merge is not applied to pending work',
    breaks: ['I02', 'I18', 'I25'],
    patches: [
      {
        file: 'answers/settlement-rules',
        find: /linkTo: outcome\.mergedTo/g,
        put: 'linkTo: null',
      },
    ],
  },
];

export function canary(number: number): Canary {
  const found = CANARIES.find((one) => one.number === number);
  if (!found) throw new Error(`there is no canary ${number}`);
  return found;
}
