// platform/http/ is the frame around every route: raw bodies, limits, peers, problems, one log line.
// Owns      the Fastify set-up, RFC 9457 problems
// Promises  every error is a problem with code and traceId; a 500 shows nothing; signatures see the bytes that were sent
// Never     knows a route or a sentence: the app hands the words in
// Start at  http-face.ts
export { beforeReply } from './before-reply.js';
export { CallRefusal, type ProblemLine, type RefusalOptions } from './call-refusal.js';
export { createHttpFace, MAX_BODY_BYTES, type HttpFace, type HttpFaceOptions } from './http-face.js';
export type { HttpLog } from './http-log.js';
export { languageOf, type Language } from './language.js';
export type { ProblemWords, WordsOfCode } from './problem.js';
