import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { resolveTarget, type ResolvedAddress, type TargetRules } from './webhook-target.js';

/** S57: the whole exchange, name resolution included. */
const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;

export interface WebhookMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends one event; rejects with a short reason unless the answer was 2xx. Redirects are not followed. */
export async function postWebhook(url: URL, message: WebhookMessage, rules: TargetRules): Promise<void> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  const address = await within(deadline, resolveTarget(url, rules));
  const status = await exchange(url, { message, address, deadline });
  if (status < 200 || status > 299) throw new Error(`answered ${status}`);
}

interface Exchange {
  readonly message: WebhookMessage;
  readonly address: ResolvedAddress;
  readonly deadline: AbortSignal;
}

function within<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    deadline.addEventListener('abort', () => reject(new Error('timed out')), { once: true });
    work.then(resolve, reject);
  });
}

function exchange(url: URL, { message, address, deadline }: Exchange): Promise<number> {
  const payload = Buffer.from(message.body, 'utf8');
  const options: RequestOptions = {
    method: 'POST',
    headers: {
      ...message.headers,
      'Content-Type': 'application/json',
      'Content-Length': payload.length,
      'User-Agent': 'zhiqiao-webhooks/1',
    },
    agent: false,
    signal: deadline,
    // The address that was judged, whatever the name says by now. Host and SNI stay those of the URL.
    lookup: (_host, { all }, done) => {
      if (all) (done as (error: null, found: ResolvedAddress[]) => void)(null, [address]);
      else done(null, address.address, address.family);
    },
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = send(url, options, (answer) => {
      drain(answer).then(() => resolve(answer.statusCode ?? 0), reject);
    });
    outgoing.on('error', (error) => reject(new Error(deadline.aborted ? 'timed out' : reasonOf(error))));
    outgoing.end(payload);
  });
}

/** The content of an answer means nothing; it is read so that the sender is not cut off, up to a limit. */
async function drain(answer: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_ANSWER_BYTES) {
      answer.destroy();
      throw new Error('answer too long');
    }
  }
}

const reasonOf = (error: NodeJS.ErrnoException): string => error.code ?? 'connection failed';
