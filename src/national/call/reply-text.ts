import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const unzip = promisify(gunzip);

/** A body after one decoding: bytes that the reply's signature covers, and their text. */
export interface ReplyText {
  readonly bytes: Buffer;
  readonly text: string;
}

/**
 * Undoes at most one gzip, told by its first bytes because the header may be wrong either way (F11), never beyond
 * `maxBytes`; then UTF-8, and GBK when that is not what it is (F10). null = more than `maxBytes`.
 */
export async function readReplyText(body: Buffer, maxBytes: number): Promise<ReplyText | null> {
  const bytes = await unzippedOnce(body, maxBytes);
  return bytes === null ? null : { bytes, text: textOf(bytes) };
}

async function unzippedOnce(body: Buffer, maxBytes: number): Promise<Buffer | null> {
  const isGzip = body.length > 2 && body[0] === 0x1f && body[1] === 0x8b;
  if (!isGzip) return body;
  try {
    return await unzip(body, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLarge = (error as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    return isTooLarge ? null : body;
  }
}

/** TextDecoder drops a byte order mark (F08). gb18030 is a superset of GBK and maps every byte to something. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}
