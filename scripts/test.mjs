import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, ROOT } from './prepare.mjs';

/**
 * `npm test`: everything that jest finds, against the compiled programs. Arguments go to jest (`npm test -- src/records`).
 * The last line is `N passed, N failed, N skipped`; a suite that cannot be loaded counts as one failed test.
 */
const WORKERS = 2;
const RESULT = join(ROOT, 'var', `test-result-${process.pid}.json`);

function runJest(args) {
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const fixed = ['--config', 'config/jest.config.cjs', '--ci', '--json', `--outputFile=${RESULT}`];
  const workers = args.some((arg) => /^(-w|--maxWorkers|--runInBand|-i)/.test(arg)) ? [] : [`--maxWorkers=${WORKERS}`];
  // With --json jest writes its JSON to stdout as well; what people read is on stderr.
  const { status } = spawnSync(process.execPath, [jest, ...fixed, ...workers, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { NODE_ENV: 'test', ...process.env },
  });
  return status ?? 1;
}

function printSkipped(result) {
  for (const suite of result.testResults) {
    for (const test of suite.assertionResults) {
      if (['pending', 'todo', 'disabled'].includes(test.status)) process.stdout.write(`skipped: ${test.fullName}\n`);
    }
  }
}

function readCounts() {
  const result = JSON.parse(readFileSync(RESULT, 'utf8'));
  printSkipped(result);
  const brokenSuites = result.numRuntimeErrorTestSuites;
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + brokenSuites,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

ensureInstalled();
ensureBuilt();
mkdirSync(join(ROOT, 'var'), { recursive: true, mode: 0o711 });
let status = runJest(process.argv.slice(2));
let counts = { passed: 0, failed: 1, skipped: 0 };
try {
  counts = readCounts();
} catch (error) {
  if (error.code !== 'ENOENT') throw error;
  process.stderr.write('jest ended without a result\n');
  status ||= 1;
} finally {
  rmSync(RESULT, { force: true });
}
if (counts.failed > 0) status ||= 1;
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
process.exitCode = status;
