import type { Clock } from '../platform/clock/index.js';

export type { Clock };

/** Randomness passed in: nonces, request ids, IVs and jitter all come from here. */
export interface Random {
  bytes(count: number): Buffer;
}

/** Fields are codes and sizes, never record content or a library's error object. Structurally a pino logger. */
export interface GatewayLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
