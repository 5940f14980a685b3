import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKOUT } from '../harness/run.js';
import { makeTestBuild } from './build/test-build.js';
import { loadEvidence } from './checker/evidence.js';
import { judge, type Verdict } from './checker/judge.js';
import { collect, installWitness, measurePrograms, queueLength } from './collect.js';
import { massEffects } from './mass-effects.js';
import { Fleet } from './fleet/fleet.js';
import { Prober, PROBER } from './fleet/prober.js';
import { deal, type DeckOptions } from './nemesis/deck.js';
import { Nemesis, type NemesisReport } from './nemesis/nemesis.js';
import { scanForPeople } from './personal-scan.js';
import { settle } from './settle.js';
import { branchCounts } from './sometimes.js';
import { HistoryFile } from './stage/history-file.js';
import { SCALED_NATION, SCALED_PROFILE, Stage } from './stage/stage.js';

export interface TrialOptions extends DeckOptions {
  /** Records with a receipt, at least. */
  readonly records: number;
  readonly folder: string;
  /** How a person plays it again. */
  readonly replay: string;
  readonly say: (line: string) => void;
}

/** What one run came to. */
export interface Trial {
  readonly verdict: Verdict;
  readonly report: NemesisReport;
  readonly accepted: number;
  readonly versions: number;
  readonly branches: Readonly<Record<string, number>>;
}

const SOURCES = 4;
const ITEMS_PER_SECOND = 60;
/** The last rounds strike while certificates are asked for. */
const CERTIFICATE_SHARE = 0.1;
const SETTLE_WITHIN_MS = 240_000;

/** Stage, fleet, nemesis, settle, judge. */
export async function runTrial(options: TrialOptions): Promise<Trial> {
  const { seed, queue, folder, say } = options;
  const build = makeTestBuild(CHECKOUT);
  const stage = new Stage({
    root: build.root, seed, queue, folder, apis: 2, workers: 2, sources: SOURCES,
    profile: SCALED_PROFILE, nation: { ...SCALED_NATION, duplicateMode: 'silent-second-row' },
  }); // prettier-ignore
  try {
    await stage.start();
    await installWitness(stage.databaseUrl);
    say(`the stage stands: 2 api, 2 workers, simulator, PostgreSQL${queue === 'redis' ? ', Redis' : ''}; seed ${seed}`);
    return await play(stage, options);
  } finally {
    await stage.close();
    build.remove();
  }
}

async function play(stage: Stage, options: TrialOptions): Promise<Trial> {
  const { seed, folder, say } = options;
  const history = new HistoryFile(join(folder, 'stations.ndjson'));
  const log = new HistoryFile(join(folder, 'nemesis.ndjson'));
  const fleet = new Fleet({
    apiBases: stage.apiBases, sources: stage.sources, seed, history, itemsPerSecond: ITEMS_PER_SECOND, streamFrom: PROBER + 1,
  }); // prettier-ignore
  const prober = new Prober(fleet, stage.sources[PROBER]?.appKey ?? '');
  const nemesis = new Nemesis({ stage, seed, log, prober, say });
  const rounds = deal(options);
  const last = Math.max(1, Math.round(rounds.length * CERTIFICATE_SHARE));
  try {
    fleet.start();
    await nemesis.play(rounds.slice(0, -last));
    while (fleet.acceptedRecords < options.records) await sleep(500);
    await fleet.finish();
    await settle(stage.databaseUrl, fleet, SETTLE_WITHIN_MS);
    const certificates = fleet.pushCertificates();
    fleet.start();
    await nemesis.play(rounds.slice(-last));
    await nemesis.topUp(options.kills);
    await Promise.all([certificates, fleet.finish()]);
    const isQuiet = await settle(stage.databaseUrl, fleet, SETTLE_WITHIN_MS);
    say(
      `${fleet.acceptedRecords} records, ${fleet.acceptedVersions} versions accepted; ${isQuiet ? 'at rest' : 'NOT at rest'}`,
    );
    await takeDown(stage, options, { fleet, report: nemesis.report, isQuiet });
  } finally {
    fleet.close();
    history.close();
    log.close();
  }
  const verdict = judge(folder);
  const branches = branchCounts(loadEvidence(folder));
  const { report } = nemesis;
  return { verdict, report, branches, accepted: fleet.acceptedRecords, versions: fleet.acceptedVersions };
}

async function takeDown(
  stage: Stage,
  options: TrialOptions,
  seen: { fleet: Fleet; report: NemesisReport; isQuiet: boolean },
): Promise<void> {
  const isReadWhole = await seen.fleet.trespass().then(
    (asked) => asked > 0,
    () => false,
  );
  await collect(stage, {
    seed: options.seed,
    replay: options.replay,
    isQuiet: seen.isQuiet,
    isReadWhole,
    maxCommitLatencyMs: SCALED_PROFILE.consistency.maxCommitLatencyMs,
    readLagMs: SCALED_NATION.readLagMs.maxMs,
    leaks: await scanForPeople(stage),
    programs: measurePrograms(stage),
    queueLength: await queueLength(stage),
    recoveries: seen.report.recoveries,
    massEffects: await massEffects(stage),
    crashes: seen.report.crashes,
  });
  writeFileSync(join(options.folder, 'fired.json'), JSON.stringify(Object.fromEntries(seen.report.fired)));
}
