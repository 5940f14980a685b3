export {
  CommitUnknownError, Database, DatabaseUnavailableError, isConnectionError, type Queryable, type Tx,
} from './database.js'; // prettier-ignore
