import { runStageProgram } from './launch/stage-program.mjs';

/**
 * `npm run campaign -- --kills 600 --faults 300 --slice 3/6`: one slice of a campaign, appended to the signed file
 * docs/campaigns/<date>.json. A slice that is in the file is not run again, so a broken-off campaign goes on where it
 * stopped. `--verify FILE` checks signatures and totals.
 */
process.exitCode = await runStageProgram('slices/campaign.js', process.argv.slice(2));
