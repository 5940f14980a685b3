// platform/errors/ is how an accident is named and told, whatever it is about.
// Owns      CodedError, the RFC 9457 problem object
// Promises  no message of an error gives content away; a problem has one shape everywhere
// Never     knows a code, a sentence or a language (that is the catalogue of records/)
// Start at  coded-error.ts
export { CodedError, isCodedError } from './coded-error.js';
export type { CodedErrorOptions } from './coded-error.js';
export { PROBLEM_CONTENT_TYPE, problem } from './problem.js';
export type { Problem, ProblemParts } from './problem.js';
