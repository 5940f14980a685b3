import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { closeRunFolder, openRunFolder, sweepDeadRuns } from '../../test/harness/run-folder.mjs';
import { ensureBuilt, ensureInstalled, ROOT } from '../prepare.mjs';

/**
 * Runs a program of test/campaign, which starts databases and kills processes: what it leaves behind, however it ends,
 * is stopped here, or by the next run when this one is killed too.
 */
export async function runStageProgram(script, args) {
  ensureInstalled();
  ensureBuilt();
  await sweepDeadRuns();
  const folder = openRunFolder();
  const program = spawn(process.execPath, [join(ROOT, 'dist', 'test', 'campaign', script), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ZHIQIAO_TEST_RUN: folder },
  });
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => program.kill(signal));
  const code = await new Promise((done) => program.once('exit', (status) => done(status ?? 1)));
  await closeRunFolder(folder);
  return code;
}
