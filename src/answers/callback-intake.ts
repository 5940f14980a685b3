import type { Database, Tx } from '../platform/database/index.js';
import type { CallbackAnswer, CallbackRequest, NationalCallback } from '../national/index.js';

/** What the nation gets back: `{"code":"0000"}` is all that it looks for (§1.11, §1.16 G6). */
export interface CallbackReply {
  readonly httpStatus: 200 | 401;
  readonly body: { readonly code: string };
}

const TAKEN: CallbackReply = { httpStatus: 200, body: { code: '0000' } };
const REFUSED: CallbackReply = { httpStatus: 401, body: { code: '1002' } };
const PURGE_ROWS = 500;

export interface CallbackIntakeParts {
  readonly database: Database;
  readonly check: (request: CallbackRequest) => CallbackAnswer;
  readonly onRefused: (reason: string) => void;
}

/**
 * Takes in what the nation posts. A callback is a hint and never a fact: it only makes the next look due at once, so a
 * forged, repeated or reordered one can change nothing but the time of a question that would be asked anyway (F52).
 */
export class CallbackIntake {
  constructor(private readonly parts: CallbackIntakeParts) {}

  async take(request: CallbackRequest): Promise<CallbackReply> {
    const answer = this.parts.check(request);
    if (answer.status === 'refused') {
      this.parts.onRefused(answer.reason);
      return REFUSED;
    }
    const { callback, nonce, nonceLifeMs } = answer;
    const isFresh = await this.parts.database.transaction(async (tx) => {
      if (!(await useNonce(tx, callback, { nonce, lifeMs: nonceLifeMs }))) return false;
      await makeDue(tx, callback);
      return true;
    });
    if (isFresh) return TAKEN;
    this.parts.onRefused('NONCE');
    return REFUSED;
  }
}

async function useNonce(tx: Tx, callback: NationalCallback, use: { nonce: string; lifeMs: number }): Promise<boolean> {
  await tx.query(
    `DELETE FROM national_callback WHERE nonce IN
       (SELECT nonce FROM national_callback WHERE expires_at < now() LIMIT ${PURGE_ROWS} FOR UPDATE SKIP LOCKED)`,
    [],
    'answers-purge-callbacks',
  );
  const used = await tx.query(
    `INSERT INTO national_callback (nonce, event_id, type, expires_at)
     VALUES ($1, $2, $3, now() + make_interval(secs => $4::float8 / 1000)) ON CONFLICT (nonce) DO NOTHING RETURNING 1`,
    [use.nonce, callback.eventId, callback.type, use.lifeMs],
    'answers-use-callback',
  );
  return used.length === 1;
}

/** The question that the callback is about is asked now: a watched row by its number, a receipt by its batch. */
async function makeDue(tx: Tx, { bizNo, batchNo, clientBatchNo }: NationalCallback): Promise<void> {
  if (bizNo !== null) {
    await tx.query(`UPDATE national_watch SET due_at = now() WHERE biz_no = $1 AND due_at > now()`, [bizNo]);
  }
  if (batchNo === null && clientBatchNo === null) return;
  await tx.query(
    `UPDATE national_call SET due_at = now(), rung_until = NULL
     WHERE stage = 'receipt' AND (batch_no = $1 OR client_batch_no = $2) AND due_at > now()`,
    [batchNo, clientBatchNo],
  );
}
