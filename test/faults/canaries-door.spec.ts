import { describeCanary } from './canary-trial.js';

/** Real: api, worker, simulator, PostgreSQL. Bugs planted at the door and in the ledger. */
describeCanary(1);
describeCanary(6);
describeCanary(10);
describeCanary(11);
describeCanary(14);
