// platform/logging/ writes JSON lines that may be shown to anybody.
// Owns      the list of fields that a line may hold (log-fields.ts)
// Promises  no body, header, query string or personal field gets into a line, at any level
// Never     repeats the message of a foreign error: those quote what they tripped over
// Start at  logger.ts
export { errorFields, type ErrorFields } from './error-fields.js';
export { createLogger, standardError, type Logger, type LoggerOptions } from './logger.js';
export { NestLogger } from './nest-logger.js';
