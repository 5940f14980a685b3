import { faketimeLibrary } from '../campaign/stage/stage.js';
import { describeCanary } from './canary-trial.js';

/** Real: api, worker under libfaketime, simulator, PostgreSQL. Without the library nothing can be shown. */
if (faketimeLibrary() === null) {
  it.skip('canary 12: a due time comes from the process clock (skipped: needs libfaketime)', () => undefined);
} else {
  describeCanary(12);
}
