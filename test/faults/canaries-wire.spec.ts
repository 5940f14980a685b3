import { describeCanary } from './canary-trial.js';

/** Real: api, worker, simulator, PostgreSQL. Bugs planted where the nation's answers are read. */
describeCanary(2);
describeCanary(3);
describeCanary(4);
describeCanary(5);
describeCanary(9);
describeCanary(16);
