import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadSettingsOrExit } from '../platform/config/index.js';
import { say, verdictOf, type Verdict } from './figures.js';
import { MemoryWatch } from './memory.js';
import { OptionsError, readOptions, USAGE, type BenchOptions } from './options.js';
import type { Environment } from './programs.js';
import { policyTable } from './policy/policy-table.js';
import { runPolicy } from './policy/run-policy.js';
import { TRACE } from './policy/trace.js';
import { runRounds } from './rounds.js';
import { GLANCE_MS, soak, SOAK_MS } from './soak.js';
import { Stage, type GivenPlaces } from './stage.js';

/** The line of `--json`; null = that part was not asked for. */
interface Result {
  readonly accept: Verdict | null;
  readonly mirror: Verdict | null;
  readonly rssMb: { readonly api: number; readonly worker: number };
}

const NATIONAL_VARIABLES = ['NATIONAL_BASE_URL', 'NATIONAL_APP_KEY', 'NATIONAL_APP_SECRET', 'NATIONAL_FIELD_KEY'];

/** Made-up people must not reach a real nation: a side that is given has to be called a simulator. */
function givenPlaces(options: BenchOptions): GivenPlaces {
  const settings = loadSettingsOrExit();
  const profileFolder = options.profileFolder === null ? null : resolve(options.profileFolder);
  if (profileFolder !== null) mkdirSync(profileFolder, { recursive: true });
  if (settings.nationalBaseUrl === null) return { databaseUrl: settings.databaseUrl, nationalEnv: null, profileFolder };
  if (!settings.nationalIsSimulator) {
    throw new OptionsError(
      'NATIONAL_BASE_URL is set: set NATIONAL_IS_SIMULATOR=true too if it is one, or remove it to use our own.',
    );
  }
  const nationalEnv: Environment = Object.fromEntries(
    NATIONAL_VARIABLES.map((name) => [name, process.env[name] ?? '']),
  );
  return { databaseUrl: settings.databaseUrl, nationalEnv, profileFolder };
}

async function measure(stage: Stage, options: BenchOptions): Promise<Result> {
  await stage.prepare();
  const watch = new MemoryWatch({ api: stage.programs.api.pid, worker: stage.programs.worker.pid });
  try {
    if (options.isSoak) await runSoak(stage, watch);
    else if (options.only === 'memory') await soak(stage, watch, GLANCE_MS);
    const isMemoryAlone = options.isSoak || options.only === 'memory';
    const measured = isMemoryAlone
      ? { accept: null, mirror: null }
      : await runRounds(stage, options.rounds, options.only);
    return {
      accept: measured.accept && verdictOf(measured.accept),
      mirror: measured.mirror && verdictOf(measured.mirror),
      rssMb: watch.peak(),
    };
  } finally {
    watch.stop();
  }
}

async function runSoak(stage: Stage, watch: MemoryWatch): Promise<void> {
  const { quarters, growth, isFlat } = await soak(stage, watch, SOAK_MS);
  say(`api plus worker by quarter, MB: ${quarters.join(', ')}`);
  say(`last quarter against the second: ${(growth * 100).toFixed(1)} %: ${isFlat ? 'flat' : 'NOT flat'}`);
  if (!isFlat) process.exitCode = 1;
}

function tell(name: string, verdict: Verdict | null): void {
  if (verdict === null) return;
  const { perSecond, bare, ratio } = verdict;
  say(`${name.padEnd(7)} median ${perSecond}/s, bare ${bare}/s, ratio ${ratio}`);
}

/** Whoever asks for figures gets them; that a target was missed is told by the exit code. */
async function policy(options: BenchOptions): Promise<void> {
  const { databaseUrl, nationalEnv } = givenPlaces(options);
  if (nationalEnv !== null) throw new OptionsError('--policy scripts its nations itself: remove NATIONAL_BASE_URL.');
  const result = await runPolicy(databaseUrl, TRACE, options.scale);
  say(policyTable(result));
  if (options.isJson) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (!result.isKept) process.exitCode = 1;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(USAGE);
    return;
  }
  if (options.isPolicy) return policy(options);
  const stage = await Stage.open(givenPlaces(options));
  const leave = (): void => void stage.close().finally(() => process.exit(1));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, leave);
  try {
    const result = await measure(stage, options);
    tell('accept', result.accept);
    tell('mirror', result.mirror);
    say(`memory  at most: api ${result.rssMb.api} MB, worker ${result.rssMb.worker} MB`);
    await stage.close();
    if (options.isJson) process.stdout.write(`${JSON.stringify(result)}\n`);
  } catch (error) {
    await stage.close();
    throw error;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'the benchmark failed'}\n`);
  if (error instanceof OptionsError) process.stderr.write(USAGE);
  process.exit(error instanceof OptionsError ? 2 : 1);
});
