import type { Patch } from './test-build.js';

/**
 * Where probes stand. They are few and at seams that every path passes (transaction, statement, wire, queue, door), so
 * that a room may be rewritten without moving them; a named fail-point is a seam and what must be going on there.
 */
const ask = (seam: string, context: string): string => `await globalThis.zhiqiaoFailPoint?.('${seam}', ${context});`;

export const FAIL_POINT_PATCHES: readonly Patch[] = [
  {
    file: 'platform/database/database',
    find: /const result = await this\.client\.query\(.*\);/g,
    put: `(this.client.zhiqiaoNames ??= new Set()).add(name); $& ${ask('statement', 'new Set([name])')}`,
  },
  {
    file: 'platform/database/database',
    find: /const result = await this\.pool\.query\(.*\);/g,
    put: `$& ${ask('statement', 'new Set([name])')}`,
  },
  {
    file: 'platform/database/database',
    find: /await client\.query\('BEGIN'\);/g,
    put: `$& client.zhiqiaoNames = new Set(); ${ask('begun', "''")}`,
  },
  {
    file: 'platform/database/database',
    find: /await this\.commit\(client\);/g,
    put: `${ask('before-commit', 'client.zhiqiaoNames')} $& ${ask('after-commit', 'client.zhiqiaoNames')}`,
  },
  {
    file: 'platform/database/database',
    find: /const reply = await client\.query\('COMMIT'\)/g,
    put: `const sent = client.query('COMMIT'); sent.catch(() => undefined); ${ask('commit-sent', 'client.zhiqiaoNames')} const reply = await sent`,
  },
  {
    // Before the caller asks a last time whether its bytes may still leave: after that nothing can be asked any more.
    file: 'national/call/signed-caller',
    find: /if \(call\.mayLeave\?\.\(\) === false\)/g,
    put: `${ask('before-send', 'target.url')} $&`,
  },
  {
    file: 'national/call/wire',
    find: /const request = \(isSecure.*\.request\(options, onReply\);/g,
    put: `const request = (isSecure ? node_https_1.default : node_http_1.default).request(options, (reply) => { void globalThis.zhiqiaoFailPoint?.('reply-begun', options.path); onReply(reply); }); request.once('finish', () => void globalThis.zhiqiaoFailPoint?.('request-sent', options.path));`,
  },
  {
    file: 'national/call/signed-caller',
    find: /logAnswer\(parts\.logger, call,/g,
    put: `${ask('reply-read', 'call.path')} $&`,
  },
  {
    file: 'platform/queue/call-queue',
    find: /await work\(job\.data\);/g,
    put: `$& ${ask('job-done', "''")}`,
  },
  {
    file: 'platform/queue/call-queue',
    find: /await withTimeout\(adding, [A-Z_]+\);/g,
    put: `${ask('ringing', "''")} $&`,
  },
  {
    file: 'ingest/intake.service',
    find: /const examined = this\.examine\(source, items\);/g,
    put: `${ask('pushed', "''")} $& ${ask('examined', "''")}`,
  },
  {
    file: 'ingest/intake.service',
    find: /const answers = answerItems\(/g,
    put: `${ask('accepted', "''")} $&`,
  },
];

export interface FailPoint {
  /** Name of reliability §4.5. */
  readonly name: string;
  readonly at: string;
  /** Name of a statement in the transaction, or a regular expression over the URL. */
  readonly with?: string;
  readonly role: 'api' | 'worker';
}

/** Paths of national writes, single and batch. */
const WRITES = '/v1/[a-z-]+s(/batch)?$';

const intake = (name: string, at: string, within?: string): FailPoint => ({
  name, at, role: 'api', ...(within === undefined ? {} : { with: within }),
}); // prettier-ignore
const work = (name: string, at: string, within?: string): FailPoint => ({
  name, at, role: 'worker', ...(within === undefined ? {} : { with: within }),
}); // prettier-ignore

/**
 * The fail-points of §4.5 that concern these rooms. I2 (parsed) and I3 (validated) are one seam here, as parsing has no
 * step of its own that waits; I11 (mid-response) is the proxy's, which cuts the reply on its way.
 */
export const FAIL_POINTS: readonly FailPoint[] = [
  intake('I1', 'pushed'),
  intake('I3', 'examined'),
  intake('I4', 'begun'),
  intake('I6', 'statement', 'ledger-insert-records'),
  intake('I7', 'statement', 'evidence-append'),
  intake('I8', 'before-commit', 'evidence-append'),
  intake('I9', 'commit-sent', 'evidence-append'),
  intake('I10', 'accepted'),
  work('O1', 'before-commit', 'delivery-insert-calls'),
  work('O2', 'after-commit', 'delivery-insert-calls'),
  work('O3', 'ringing'),
  work('W1', 'statement', 'delivery-lease-call'),
  work('W2', 'statement', 'delivery-record-sending'),
  work('W3', 'before-send', WRITES),
  work('W4', 'request-sent', WRITES),
  work('W5', 'reply-begun', WRITES),
  work('W6', 'reply-read', WRITES),
  work('W7', 'before-commit', 'ledger-end-flights'),
  work('W8', 'after-commit', 'ledger-end-flights'),
  work('W9', 'job-done'),
  work('L1', 'before-send', '/lookup$'),
  work('L2', 'reply-read', '/lookup$'),
  work('L3', 'before-commit', 'answers-read-unknown'),
  work('P1', 'before-send', '/v1/batches'),
  work('P2', 'reply-read', '/v1/batches'),
  work('P3', 'before-commit', 'delivery-await-receipt'),
];
