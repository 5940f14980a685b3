// demo/ is the demonstration that `npm start` runs: an invented prefecture, pushed through the public API.
// Owns      var/demo-source-systems.json
// Promises  exit code 0 only when our books, the nation's ledger and the plan of the world agree to the minute
// Never     writes to the database or to the nation; what it pushes goes through the same door as any station's
// Start at  main.ts
export { worldOf } from './world.js';
