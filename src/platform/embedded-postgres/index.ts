// platform/embedded-postgres/ runs a PostgreSQL of our own when nobody gives us one.
// Owns      var/embedded-postgres.json, var/postgres (or its stand-in under /var/lib/zhiqiao when root needs one)
// Promises  runs as root and as an ordinary user; a server left by a killed start is adopted or stopped
// Never     listens beyond 127.0.0.1, opens a socket file, leaves a folder that others can read
// Start at  embedded-postgres.ts
export {
  startEmbeddedPostgres,
  startThrowawayPostgres,
  type DurableOptions,
  type EmbeddedPostgres,
} from './embedded-postgres.js';
export { freePort, isAlive, livePostmaster, stopServer } from './server-process.js';
