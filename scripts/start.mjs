import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ancestry } from './launch/alive.mjs';
import { readOptions, USAGE, UsageError } from './launch/options.mjs';
import { Tree } from './launch/tree.mjs';
import { ensureBuilt, ensureInstalled, ROOT } from './prepare.mjs';

/**
 * `npm start`: what is not given (database, national side) is brought along, then api and worker run as children
 * until TERM or INT. With neither given it is a demonstration, and made-up people are pushed.
 */
const require = createRequire(import.meta.url);

function printWhatToOpen({ apiUrl, nation, settings }) {
  const lines = ['', 'Zhiqiao is ready.'];
  if (apiUrl) lines.push(`  station API    ${apiUrl}/api/v1`, `  its manual     ${apiUrl}/api/docs`);
  lines.push(`  national side  ${nation ? `bundled simulator, ${nation.baseUrl}` : settings.nationalBaseUrl}`);
  lines.push('Ctrl-C stops everything.', '');
  process.stdout.write(`${lines.join('\n')}\n`);
}

const LOOK_FOR_NPM_MS = 1_000;

/** A killed npm tells nobody. Without npm in between, losing the parent is how one puts a program in the background. */
function leaveWithNpm(tree) {
  if (!process.env.npm_lifecycle_event) return;
  const above = ancestry();
  setInterval(() => ancestry() !== above && tree.end(1), LOOK_FOR_NPM_MS).unref();
}

async function run(tree, options) {
  await tree.start();
  const code = options.runsDemo ? await tree.pushDemo(options.demoArgs) : 0;
  if (options.isExit) return tree.end(code);
  if (code !== 0) process.stderr.write(`the demonstration ended with code ${code}; the programs keep running\n`);
  printWhatToOpen(tree);
}

function main() {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.isHelp) {
    process.stdout.write(USAGE);
    return;
  }
  ensureInstalled();
  ensureBuilt();
  const { loadSettingsOrExit } = require(join(ROOT, 'dist/src/platform/config/index.js'));
  const tree = new Tree({ settings: loadSettingsOrExit(), given: process.env, isDemo: options.isDemo });
  // With --exit, 0 says that the comparison held: a demonstration that was stopped has compared nothing.
  const stopped = options.isExit ? 1 : 0;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => void tree.end(stopped));
  leaveWithNpm(tree);
  run(tree, options).catch((error) => tree.giveUp(error));
}

try {
  main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}`);
  process.exit(2);
}
