/** `node dist/test/campaign/main.js`: the fault run, and slices of a campaign. Started by scripts/*.mjs. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CHECKOUT } from '../harness/run.js';
import { FAIL_POINTS } from './build/fail-points.js';
import type { FaultClass } from './nemesis/fault.js';
import { runTrial, type Trial } from './trial.js';

const ALL_CLASSES: readonly FaultClass[] = [
  'kill', 'fail-point', 'freeze', 'database', 'link', 'swizzle', 'clock', 'nation-replies', 'nation-commits',
  'nation-pages', 'nation-tokens', 'nation-limits', 'nation-hours', 'nation-reads',
]; // prettier-ignore

interface Line {
  readonly name: string;
  readonly isHeld: boolean;
  readonly told: string;
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function options(): {
  queue: 'postgres' | 'redis';
  seed: number;
  kills: number;
  faults: number;
  records: number;
  classes: FaultClass[] | null;
} {
  const { values } = parseArgs({
    options: {
      queue: { type: 'string', default: 'postgres' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      kills: { type: 'string', default: '60' },
      faults: { type: 'string', default: '40' },
      records: { type: 'string', default: '5000' },
      classes: { type: 'string' },
    },
  });
  const { queue } = values;
  if (queue !== 'postgres' && queue !== 'redis') throw new Error('--queue is postgres or redis');
  const classes = (values.classes?.split(',') as FaultClass[] | undefined) ?? null;
  return {
    queue, classes, seed: Number(values.seed), kills: Number(values.kills), faults: Number(values.faults),
    records: Number(values.records),
  }; // prettier-ignore
}

/** Everything that the run has to show, as lines that hold or do not. */
function lines(trial: Trial, asked: ReturnType<typeof options>): Line[] {
  const { verdict, report, branches, accepted } = trial;
  const wanted = asked.classes ?? (asked.queue === 'redis' ? [...ALL_CLASSES, 'redis' as const] : ALL_CLASSES);
  const isWhole = asked.kills >= 60 && asked.faults >= 40;
  const missing = FAIL_POINTS.map(({ name }) => name).filter((name) => !report.fired.has(`kill-at-${name}`));
  const held = (name: string, isHeld: boolean, told: string): Line => ({ name, isHeld, told });
  return [
    held('evidence read whole', verdict.result !== 'unknown', verdict.result),
    held(`at least ${asked.kills} kills`, report.kills >= asked.kills, String(report.kills)),
    held(`at least ${asked.faults} other faults`, report.faults >= asked.faults, String(report.faults)),
    held(`at least ${asked.records} accepted records`, accepted >= asked.records, String(accepted)),
    ...Object.entries(verdict.counts).map(([name, count]) => held(name, count === 0, `${count} violations`)),
    ...wanted.map((name) =>
      held(`fired: ${name}`, (report.classes.get(name) ?? 0) > 0, String(report.classes.get(name) ?? 0)),
    ),
    ...(isWhole ? [held('fired: every fail-point', missing.length === 0, missing.join(', ') || 'all')] : []),
    // A run for a part of the faults need not have seen every way of coming back.
    ...(isWhole
      ? Object.entries(branches).map(([name, count]) => held(`seen: ${name}`, count > 0, String(count)))
      : []),
  ];
}

async function main(): Promise<void> {
  const asked = options();
  const folder = join(CHECKOUT, 'var', 'fault-runs', `${asked.queue}-${asked.seed}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { queue, seed, kills, faults, records } = asked;
  const replay = `npm run test:faults -- --queue ${queue} --seed ${seed} --kills ${kills} --faults ${faults} --records ${records}${asked.classes === null ? '' : ` --classes ${asked.classes.join(',')}`}`;
  const { classes, ...rest } = asked;
  const trial = await runTrial({ ...rest, ...(classes === null ? {} : { classes }), folder, replay, say });
  const all = lines(trial, asked);
  for (const { name, isHeld, told } of all) say(`${isHeld ? 'ok  ' : 'FAIL'} ${name}: ${told}`);
  for (const violation of trial.verdict.violations.slice(0, 20)) say(JSON.stringify(violation));
  const failed = all.filter(({ isHeld }) => !isHeld).length;
  const { lost, duplicated, blindResends } = trial.verdict;
  writeFileSync(
    join(folder, 'result.json'),
    JSON.stringify({
      queue, seed, kills: trial.report.kills, faults: trial.report.faults, accepted: trial.accepted,
      versions: trial.versions, lost, duplicated, blindResends, counts: trial.verdict.counts, branches: trial.branches,
      fired: Object.fromEntries(trial.report.fired), recoveries: trial.report.recoveries,
    }), // prettier-ignore
  );
  say(`play it again: ${replay}`);
  say(`${all.length - failed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  say('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
});
