import { compare, type Books, type Findings } from './comparison.js';
import { NationalBooks } from './national-books.js';
import { OwnBooks } from './own-books.js';
import { loadPrefecture, type Prefecture } from './prefecture.js';
import { Progress } from './progress.js';
import { countItems, firstPushes, laterPushes, pushAll, Tally } from './pushing.js';
import { lastScreen } from './screen.js';
import { openSourceSystems, writeKeepsake, type Keepsake } from './source-systems.js';
import { StationClient } from './station-client.js';
import { judge } from './verdict.js';
import { Watch } from './watching.js';
import { worldOf, type CountyWorld } from './world.js';

const DEFAULT_PEOPLE = 2_000;
const PREFECTURE = '5334';
/** Reasons are asked for one by one; more of them than this are counted, not explained. */
const EXPLAINED_WAITS = 50;

interface Surroundings {
  readonly apiUrl: string;
  readonly controlUrl: string;
  readonly databaseUrl: string;
}

/** `scripts/start.mjs` has checked the words; `--exit` is its own business. */
function readPeople(args: readonly string[]): number {
  const at = args.indexOf('--people');
  const people = at < 0 ? DEFAULT_PEOPLE : Number(args[at + 1]);
  if (!Number.isInteger(people) || people < 0) throw new Error('--people takes a whole number');
  return people;
}

function readSurroundings(env: NodeJS.ProcessEnv): Surroundings {
  const named = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '')
      throw new Error(`${name} is missing: the demonstration is run by npm start`);
    return value;
  };
  return {
    apiUrl: named('ZHIQIAO_API_URL'),
    controlUrl: named('ZHIQIAO_SIMULATOR_CONTROL_URL'),
    databaseUrl: named('DATABASE_URL'),
  };
}

/** Clients by county, and what is pushed through them. */
interface Stage {
  readonly clients: ReadonlyMap<string, StationClient>;
  readonly worlds: readonly CountyWorld[];
  /** The largest world that was ever pushed: a later start may be of fewer people. */
  readonly known: readonly CountyWorld[];
}

function setStage(prefecture: Prefecture, keepsake: Keepsake, given: { people: number; apiUrl: string }): Stage {
  const world = (people: number): CountyWorld[] => worldOf({ prefecture, people, anchor: keepsake.anchor });
  const clients = Object.entries(keepsake.systems).map(
    ([county, credentials]) => [county, new StationClient(given.apiUrl, credentials)] as const,
  );
  return {
    clients: new Map(clients),
    worlds: world(given.people),
    known: world(Math.max(given.people, keepsake.people)),
  };
}

function countWaits(worlds: readonly CountyWorld[]): number {
  return worlds.flatMap(({ odd }) => odd).filter(({ fate }) => fate === 'waiting').length;
}

interface Run {
  readonly tally: Tally;
  readonly isQuiet: boolean;
  readonly seconds: { push: number; mirror: number };
}

/** Pushes, waits until the nation has it, pushes the second revisions, waits again. */
async function pushAndWait({ clients, worlds, known }: Stage): Promise<Run> {
  const tally = new Tally();
  const watch = new Watch([...clients.values()]);
  const progress = new Progress(countItems(firstPushes(worlds)) + countItems(laterPushes(worlds)));
  const onLook = (): void => progress.show(tally.pushed, watch.counts);
  const startedAt = Date.now();
  const since = (): number => Math.round((Date.now() - startedAt) / 1000);
  await watch.during(pushAll(clients, firstPushes(worlds), tally), onLook);
  const push = since();
  const isFirstQuiet = await watch.untilQuiet(countWaits(known), onLook);
  await pushAll(clients, laterPushes(worlds), tally);
  const isQuiet = (await watch.untilQuiet(countWaits(known), onLook)) && isFirstQuiet;
  progress.clear();
  return { tally, isQuiet, seconds: { push, mirror: since() } };
}

async function explainWaits(stage: Stage, books: Books, findings: Findings): Promise<Map<string, number>> {
  const reasons = new Map<string, number>();
  const clientOf = new Map([...books.appKeys].map(([county, appKey]) => [appKey, stage.clients.get(county)]));
  const waiting = [...findings.kinds].flatMap(([kind, found]) => found.waiting.map((record) => ({ kind, record })));
  const count = (reason: string, by = 1): void => void reasons.set(reason, (reasons.get(reason) ?? 0) + by);
  for (const { kind, record } of waiting.slice(0, EXPLAINED_WAITS)) {
    const [first] = (await clientOf.get(record.appKey)?.waitingFor(kind, record.sourceId)) ?? [];
    count(first === undefined ? '?' : `${first.reason}（${first.kind ?? '-'}）`);
  }
  if (waiting.length > EXPLAINED_WAITS) count('其他 others', waiting.length - EXPLAINED_WAITS);
  return reasons;
}

async function main(): Promise<number> {
  const people = readPeople(process.argv.slice(2));
  const { apiUrl, controlUrl, databaseUrl } = readSurroundings(process.env);
  const prefecture = loadPrefecture(PREFECTURE);
  process.stdout.write(`演示 demonstration: ${prefecture.name}, ${people} 名虚构志愿者 invented volunteers …\n`);
  const keepsake = await openSourceSystems(apiUrl, prefecture);
  const stage = setStage(prefecture, keepsake, { people, apiUrl });
  writeKeepsake({ ...keepsake, people: Math.max(people, keepsake.people) });
  const run = await pushAndWait(stage);
  const own = new OwnBooks(databaseUrl);
  await own.open();
  try {
    const nation = new NationalBooks(controlUrl);
    const appKeys = new Map(Object.entries(keepsake.systems).map(([county, { appKey }]) => [county, appKey]));
    const books = { own, nation, appKeys };
    const summary = await new Watch([...stage.clients.values()]).look();
    const findings = await compare(books, stage.known);
    const verdict = judge({ findings, summary, nation: await nation.summary(), isQuiet: run.isQuiet });
    const waitReasons = await explainWaits(stage, books, findings);
    process.stdout.write(`${lastScreen({ prefecture, findings, verdict, waitReasons, ...run }).join('\n')}\n`);
    return verdict.holds ? 0 : 1;
  } finally {
    await own.close();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`the demonstration failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
