import type { Queryable } from '../platform/database/index.js';
import type { CallbackAnswer, CallbackRequest, NationalCallback } from '../national/index.js';

/** What the nation gets back: `{"code":"0000"}` is all that it looks for (§1.11, §1.16 G6). */
export interface CallbackReply {
  readonly httpStatus: 200 | 401;
  readonly body: { readonly code: string };
}

const TAKEN: CallbackReply = { httpStatus: 200, body: { code: '0000' } };
const REFUSED: CallbackReply = { httpStatus: 401, body: { code: '1002' } };
/** Used nonces are purged now and then, a few more than came in meanwhile. */
const PURGE_EVERY = 200;
const PURGE_ROWS = 500;

export interface CallbackIntakeParts {
  readonly database: Queryable;
  readonly check: (request: CallbackRequest) => CallbackAnswer;
  readonly onRefused: (reason: string) => void;
}

/**
 * Takes in what the nation posts. A callback is a hint and never a fact: it only makes the next look due at once, so a
 * forged, repeated or reordered one can change nothing but the time of a question that would be asked anyway (F52).
 */
export class CallbackIntake {
  private taken = 0;

  constructor(private readonly parts: CallbackIntakeParts) {}

  async take(request: CallbackRequest): Promise<CallbackReply> {
    const answer = this.parts.check(request);
    if (answer.status === 'refused') {
      this.parts.onRefused(answer.reason);
      return REFUSED;
    }
    const { callback, nonce, nonceLifeMs } = answer;
    this.taken += 1;
    if (this.taken % PURGE_EVERY === 0) await purge(this.parts.database);
    const isFresh = await useOnce(this.parts.database, callback, { nonce, lifeMs: nonceLifeMs });
    if (isFresh) return TAKEN;
    this.parts.onRefused('NONCE');
    return REFUSED;
  }
}

/**
 * One statement, since the nation may post as many as there are reviews: the nonce is used up, and the question that
 * the callback is about is asked now. A row is found by its number and watched again if it was at rest (a certificate
 * revoked after its issue, F51), a receipt by its batch.
 */
async function useOnce(
  database: Queryable,
  { eventId, type, bizNo, batchNo, clientBatchNo }: NationalCallback,
  use: { nonce: string; lifeMs: number },
): Promise<boolean> {
  const used = await database.query(
    `WITH used AS (
       INSERT INTO national_callback (nonce, event_id, type, expires_at)
       VALUES ($1, $2, $3, now() + make_interval(secs => $4::float8 / 1000)) ON CONFLICT (nonce) DO NOTHING RETURNING 1),
     watched AS (
       UPDATE national_watch SET due_at = now()
       WHERE biz_no = $5 AND due_at > now() AND EXISTS (SELECT 1 FROM used)),
     awakened AS (
       INSERT INTO national_watch (biz_no, kind, purpose, due_at)
       SELECT DISTINCT ON (r.biz_no) r.biz_no, r.kind,
         CASE WHEN $3 = 'CERT_STATUS' THEN 'certificate' ELSE 'review' END, now()
       FROM record r WHERE r.biz_no = $5 AND r.national_status = 'ACTIVE' AND NOT r.is_void
         AND CASE WHEN $3 = 'CERT_STATUS' THEN r.kind = 'certificate-request' ELSE $3 = 'AUDIT_RESULT' END
         AND EXISTS (SELECT 1 FROM used)
       ON CONFLICT (biz_no) DO NOTHING),
     polled AS (
       UPDATE national_call SET due_at = now(), rung_until = NULL
       WHERE stage = 'receipt' AND batch_no = $6 AND due_at > now() AND EXISTS (SELECT 1 FROM used)),
     asked AS (
       UPDATE national_call SET due_at = now(), rung_until = NULL
       WHERE stage = 'receipt' AND $6::text IS NULL AND client_batch_no = $7 AND due_at > now()
         AND EXISTS (SELECT 1 FROM used))
     SELECT 1 FROM used`,
    [use.nonce, eventId, type, use.lifeMs, bizNo, batchNo, clientBatchNo],
    'answers-take-callback',
  );
  return used.length === 1;
}

async function purge(database: Queryable): Promise<void> {
  await database.query(
    `DELETE FROM national_callback WHERE nonce IN
       (SELECT nonce FROM national_callback WHERE expires_at < now() LIMIT ${PURGE_ROWS} FOR UPDATE SKIP LOCKED)`,
    [],
    'answers-purge-callbacks',
  );
}
