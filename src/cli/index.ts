// cli/ is the administrator's keyboard: source systems, webhooks, administrators, problems and replays.
// Owns      no table
// Promises  what a command answers is one line of JSON with --json; usage errors exit 2 in plain words
// Never     is imported by another room
// Start at  main.ts
export { createProgram, type Carry } from './program.js';
