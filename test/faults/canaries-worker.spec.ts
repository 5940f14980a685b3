import { describeCanary } from './canary-trial.js';

/** Real: api, worker, simulator, PostgreSQL. Bugs planted where several workers and their clocks meet. */
describeCanary(7);
describeCanary(8);
describeCanary(13);
