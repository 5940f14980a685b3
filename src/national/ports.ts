import type { Clock } from '../platform/clock/index.js';
import type { Random } from '../platform/ids/index.js';

/** Nonces, request ids, IVs and jitter all come from the random that is handed in. */
export type { Clock, Random };

/** Fields are codes and sizes, never record content or a library's error object. Structurally a pino logger. */
export interface GatewayLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
