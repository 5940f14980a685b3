// app/ wires the rooms into processes; the only folder that sees them all.
// Owns      the order of migrations, the composition of api and worker
// Promises  a process starts whole or not at all
// Never     decides anything: a condition here belongs into a room
// Start at  api.app.ts, worker.app.ts
export { runMigrations } from './data-source.js';
