// platform/database/ runs statements and transactions on the one pool of a process.
// Owns      no table
// Promises  a transaction that met a race runs again; a commit whose answer was lost is told as such, never guessed
// Never     knows a table; opens a second pool
// Start at  database.ts
export {
  CommitUnknownError, Database, DatabaseUnavailableError, isConnectionError, type Queryable, type Tx,
} from './database.js'; // prettier-ignore
