import { openRunFolder, sweepDeadRuns } from './harness/run-folder.mjs';

/** Starts nothing: the first spec that asks for a database starts the cluster, so unit runs stay instant. */
export default async function globalSetup() {
  await sweepDeadRuns();
  process.env.ZHIQIAO_TEST_RUN = openRunFolder();
}
