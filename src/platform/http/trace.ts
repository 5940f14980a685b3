import { randomBytes } from 'node:crypto';

/** W3C Trace Context: `version-traceId-parentId-flags`; an all-zero trace id is none. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
const TRACE_ID_BYTES = 16;

/** The caller's trace id, or a new one. */
export function traceIdOf(traceparent: string | undefined): string {
  return TRACEPARENT.exec(traceparent ?? '')?.[1] ?? randomBytes(TRACE_ID_BYTES).toString('hex');
}
