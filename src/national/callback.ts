import { isMembers, parseLossless } from './call/envelope.js';
import { stringToSign } from './call/canonical-query.js';
import { signerFactory } from './plugins/plugin-registry.js';
import { isSameText } from './plugins/same-text.js';
import type { Profile } from './profile/profile-loader.js';
import { textOf } from './replies/outcome-of.js';

/** What the nation posted to the callback path, as it arrived. */
export interface CallbackRequest {
  readonly method: string;
  /** Raw path as sent, without query. */
  readonly path: string;
  readonly query: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** A hint, never a fact: whoever takes it asks the nation before believing it (§1.11). */
export interface NationalCallback {
  readonly eventId: string;
  /** `CERT_STATUS`, `BATCH_DONE`, `AUDIT_RESULT`; others may come and are to be ignored. */
  readonly type: string;
  /** National path name (`teams`), see `kindOf`. */
  readonly entity: string | null;
  readonly bizNo: string | null;
  readonly batchNo: string | null;
  readonly clientBatchNo: string | null;
}

export type CallbackAnswer =
  /** `nonce` is single-use for `nonceLifeMs`: the receiver remembers it across processes. */
  | {
      readonly status: 'genuine';
      readonly callback: NationalCallback;
      readonly nonce: string;
      readonly nonceLifeMs: number;
    }
  | { readonly status: 'refused'; readonly reason: 'HEADERS' | 'APP-KEY' | 'TIMESTAMP' | 'SIGNATURE' | 'BODY' };

export interface CallbackSettings {
  readonly profile: Profile;
  readonly appKey: string;
  /** `current,next`: either may have signed during a rotation (A13). */
  readonly appSecret: string;
  /** The gateway's `nationalNowMs`. */
  nationalNowMs(): number;
}

/**
 * Checks and reads a callback (F52, §1.16 G5): signed as §1.2 by the nation with our own key and secret, empty token.
 * Forged, stale or unreadable ones are refused with a reason for the log; replay is the receiver's to notice by nonce.
 */
export function createCallbackCheck(settings: CallbackSettings): (request: CallbackRequest) => CallbackAnswer {
  const { callbacks } = settings.profile.spec;
  const factory = signerFactory(callbacks.signer);
  const signers = settings.appSecret.split(',').map((secret) => factory(secret.trim()));
  return (request) => {
    const [appKey, timestamp, nonce, sign] = ['x-app-key', 'x-timestamp', 'x-nonce', 'x-sign'].map((name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : '';
    });
    if (!appKey || !nonce || !sign || !/^\d{1,15}$/.test(timestamp ?? '')) return refused('HEADERS');
    if (appKey !== settings.appKey) return refused('APP-KEY');
    if (Math.abs(Number(timestamp) - settings.nationalNowMs()) > callbacks.toleranceMs) return refused('TIMESTAMP');
    const { method, path, query, body } = request;
    const isSigned = signers.some((signer) => {
      const bodyDigest = signer.digest(body);
      const parts = { method, path, query, appKey, timestamp: timestamp ?? '', nonce, token: '', bodyDigest };
      return isSameText(sign, signer.sign(stringToSign(parts)));
    });
    if (!isSigned) return refused('SIGNATURE');
    const callback = readCallback(body);
    return callback ? { status: 'genuine', callback, nonce, nonceLifeMs: 2 * callbacks.toleranceMs } : refused('BODY');
  };
}

const refused = (reason: Extract<CallbackAnswer, { status: 'refused' }>['reason']): CallbackAnswer => ({
  status: 'refused',
  reason,
});

function readCallback(body: Buffer): NationalCallback | null {
  const tree = parseLossless(body.toString('utf8'));
  if (!isMembers(tree)) return null;
  const eventId = textOf(tree.eventId);
  const type = textOf(tree.type);
  if (eventId === null || type === null) return null;
  return {
    eventId,
    type,
    entity: textOf(tree.entity),
    bizNo: textOf(tree.bizNo),
    batchNo: textOf(tree.batchNo),
    clientBatchNo: textOf(tree.clientBatchNo),
  };
}
