import { runStageProgram } from './launch/stage-program.mjs';

/**
 * `npm run test:faults [-- --queue postgres|redis] [-- --seed N] [-- --kills 60 --faults 40 --records 5000]`
 * [-- --classes redis,link]: kills and other faults against the whole of it, judged from files. The last line is
 * `N passed, N failed, 0 skipped`; histories and violations stay in var/fault-runs.
 */
process.exitCode = await runStageProgram('main.js', process.argv.slice(2));
