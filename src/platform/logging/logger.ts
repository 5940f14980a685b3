import { destination, pino, type DestinationStream, type Logger as Pino } from 'pino';
import { errorFields } from './error-fields.js';
import { allowedFields, scrub } from './log-fields.js';

/** The message is a fixed phrase ("request failed"); whatever varies stands in the fields. */
export type LogLine = (fields: object, message: string) => void;

/** `fields` may hold what log-fields.ts allows, and `err` for something thrown; the rest is left out. */
export interface Logger {
  debug: LogLine;
  info: LogLine;
  warn: LogLine;
  error: LogLine;
  /** The same with fields that stand in every line from here on. */
  child(fields: object): Logger;
}

export interface LoggerOptions {
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Which program speaks: api, worker, all, cli, simulator. */
  role: string;
  /** stdout unless told otherwise (the CLI, whose stdout is an answer, says stderr). */
  stream?: DestinationStream;
}

const STDERR = 2;
const STDOUT = 1;
const DEBUG_LEVEL = 'debug';

/** Written at once: a line that is still in memory when the process is killed would be the one that mattered. */
export const standardError = (): DestinationStream => destination({ fd: STDERR, sync: true });

class SafeLogger implements Logger {
  private readonly withStack: boolean;

  constructor(private readonly pinoLogger: Pino) {
    this.withStack = pinoLogger.isLevelEnabled(DEBUG_LEVEL);
  }

  readonly debug: LogLine = (fields, message) => this.pinoLogger.debug(this.safe(fields), scrub(message));
  readonly info: LogLine = (fields, message) => this.pinoLogger.info(this.safe(fields), scrub(message));
  readonly warn: LogLine = (fields, message) => this.pinoLogger.warn(this.safe(fields), scrub(message));
  readonly error: LogLine = (fields, message) => this.pinoLogger.error(this.safe(fields), scrub(message));

  child(fields: object): Logger {
    return new SafeLogger(this.pinoLogger.child(allowedFields(fields)));
  }

  private safe(fields: object): object {
    const { err, ...rest } = fields as { err?: unknown };
    return err === undefined ? allowedFields(rest) : { ...allowedFields(rest), err: errorFields(err, this.withStack) };
  }
}

/**
 * Promise  no body, header, query string, signature or personal field in any line, at any level
 */
export function createLogger({ level, role, stream }: LoggerOptions): Logger {
  const options = {
    level,
    base: { role, pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    // Ours are plain objects by then; pino's own serialiser would look for messages and stacks again.
    serializers: { err: (value: unknown) => value },
  };
  return new SafeLogger(pino(options, stream ?? destination({ fd: STDOUT, sync: true })));
}
