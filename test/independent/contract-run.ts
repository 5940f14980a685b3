/**
 * The contract flow: pushes a shuffled world through the station side, waits until nothing moves, and judges both ends.
 * Knows the product only through its public interface.
 */
import { seeded, type Random } from './canonical.js';
import { checkCertificates, checkRecords, gather, keyOf, type Evidence } from './contract-check.js';
import { FeedWatch } from './contract-feed.js';
import { planPushes, type MutationOptions, type Plan, type PlannedRecord } from './mutate.js';
import type { NationalSide } from './national-side.js';
import { viewOf, type NationalView } from './national-view.js';
import { pause, StationClient, type StationAuth } from './station-client.js';
import type { BatchAnswer, PushOptions, StationCredentials, StationItem, Summary } from './station-types.js';
import { makeWorld, type WorldSizes } from './world.js';

export interface Chaos extends Omit<MutationOptions, 'seed'> {
  /** Share of batches whose answer the client throws away (default 0.2). */
  lostAnswers?: number;
  /** Pushes in parallel (default 3). */
  parallel?: number;
  auths?: StationAuth[];
  /** How often a client tries before it gives up (default 12). */
  attempts?: number;
  /** Without any progress for so long the run is called stalled (default 60 s). */
  stallMs?: number;
  /** How often `/summary` is asked (default 250 ms). */
  pollMs?: number;
  /** Never longer than this per phase (default 10 min). */
  maxMs?: number;
  /** Trouble that somebody makes meanwhile: what must be at rest is judged only after its end. */
  nemesis?: Promise<unknown>;
  /** False while the product does not hand out certificate files yet (default true). */
  certificateFiles?: boolean;
}

export interface ContractFlow {
  apiBase: string;
  /** More doors of the same adapter: the clients are spread over all of them. */
  moreApiBases?: readonly string[];
  credentials: StationCredentials;
  national: NationalSide | NationalView;
  seed: number;
  sizes?: Partial<WorldSizes>;
  chaos?: Chaos;
}

export interface ContractReport {
  seed: number;
  records: number;
  pushes: number;
  batches: number;
  lostAnswers: number;
  states: Record<string, number>;
  nationalRequests: number;
  totalMinutes: number;
  ms: number;
}

interface Run {
  clients: StationClient[];
  view: NationalView;
  random: Random;
  chaos: Chaos;
  problems: string[];
  recordIds: Map<string, string>;
  lost: number;
}

const MOVING = ['queued', 'sending', 'unknown', 'pending'];
const SHOWN = 60;

export async function runContractFlow(flow: ContractFlow): Promise<ContractReport> {
  const started = Date.now();
  const chaos = flow.chaos ?? {};
  const world = makeWorld(flow.sizes === undefined ? { seed: flow.seed } : { seed: flow.seed, sizes: flow.sizes });
  const auths = chaos.auths ?? ['bearer', 'HMAC-SHA256', 'HMAC-SM3'];
  const bases = [flow.apiBase, ...(flow.moreApiBases ?? [])];
  const clients = auths.map((auth, at) => {
    const apiBase = bases[at % bases.length] as string;
    return new StationClient({ apiBase, ...flow.credentials, auth, maxAttempts: chaos.attempts ?? 12 });
  });
  const first = clients[0] as StationClient;
  const run: Run = {
    clients,
    view: viewOf(flow.national),
    random: seeded(flow.seed + 17),
    chaos,
    problems: [],
    recordIds: new Map(),
    lost: 0,
  };
  const feed = new FeedWatch(first);
  try {
    feed.start();
    const options = { ...chaos, seed: flow.seed + 1 };
    const main = planPushes(world, (kind) => kind !== 'certificate-request', options);
    await phase(run, main, main.records);
    // Certificates come last: a record that an issued certificate covers can no longer be corrected (2014).
    const last = planPushes(world, (kind) => kind === 'certificate-request', { ...options, seed: flow.seed + 2 });
    const all = [...main.records, ...last.records];
    await phase(run, last, all);
    await chaos.nemesis;
    await repeatSingles(run, main.records);
    await quiet(run, all);
    await feed.finish();
    const evidence = await gather(all, first, run.view);
    run.problems.push(
      ...checkRecords(evidence),
      ...(await checkCertificates(evidence, first, chaos.certificateFiles ?? true)),
    );
    run.problems.push(...(await feed.compare(evidence.statuses)), ...(await judgeNational(run.view)));
    const pushes = [...main.batches, ...last.batches];
    const report = await reportOf(run, { flow, evidence, pushes, started });
    if (run.problems.length > 0) throw new Error(listOf(flow.seed, run.problems, report));
    return report;
  } finally {
    await feed.finish().catch(() => undefined);
    for (const client of clients) client.close();
  }
}

async function phase(run: Run, plan: Plan, standing: PlannedRecord[]): Promise<void> {
  const queue = [...plan.batches];
  const worker = async (): Promise<void> => {
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) await push(run, batch);
  };
  await Promise.all(Array.from({ length: run.chaos.parallel ?? 3 }, worker));
  await quiet(run, standing);
}

async function push(run: Run, batch: StationItem[]): Promise<void> {
  const client = run.clients[Math.floor(run.random() * run.clients.length)] as StationClient;
  const options: PushOptions = { contentType: run.random() < 0.5 ? 'json' : 'ndjson' };
  if (run.random() < (run.chaos.lostAnswers ?? 0.2)) {
    options.abortAfterSendMs = Math.floor(run.random() * 40);
    run.lost += 1;
  }
  const answer = await client.pushBatch(batch, options);
  for (const problem of await client.verifyBatch(batch, answer))
    run.problems.push(`batch ${answer.batchId}: ${problem}`);
  run.problems.push(...answerProblems(run, batch, answer));
}

function answerProblems(run: Run, batch: StationItem[], answer: BatchAnswer): string[] {
  const problems: string[] = [];
  if (answer.items.length !== batch.length)
    problems.push(`${batch.length} items pushed, ${answer.items.length} answered`);
  const counted = { accepted: 0, duplicate: 0, superseded: 0, rejected: 0 };
  for (const item of answer.items) {
    counted[item.outcome] += 1;
    const pushed = batch[item.index];
    if (pushed === undefined || item.kind !== pushed.kind || item.sourceId !== pushed.sourceId) {
      problems.push(`item ${item.index} answers ${String(item.kind)}/${String(item.sourceId)}`);
      continue;
    }
    const key = keyOf(pushed);
    if (item.outcome === 'rejected') {
      problems.push(`${key} revision ${String(pushed.revision)} refused: ${JSON.stringify(item.errors)}`);
      continue;
    }
    const known = run.recordIds.get(key) ?? item.recordId;
    if (item.recordId === undefined || item.recordId !== known)
      problems.push(`${key}: recordId ${String(item.recordId)}, before ${String(known)}`);
    else run.recordIds.set(key, item.recordId);
    if (!Number.isInteger(item.version)) problems.push(`${key}: ${item.outcome} without a version`);
  }
  if (JSON.stringify(counted) !== JSON.stringify({ ...counted, ...answer.counts })) {
    problems.push(`counts ${JSON.stringify(answer.counts)} are not those of the items ${JSON.stringify(counted)}`);
  }
  return problems.map((problem) => `batch ${answer.batchId}: ${problem}`);
}

/** Waits until nothing moves and nothing waits that should not; stops early only when no progress was made. */
async function quiet(run: Run, records: PlannedRecord[]): Promise<void> {
  const client = run.clients[0] as StationClient;
  const stallMs = run.chaos.stallMs ?? 60_000;
  const limit = Date.now() + (run.chaos.maxMs ?? 600_000);
  const mayWait = records.filter((record) => record.fate === 'waiting').length;
  let mark = '';
  let since = Date.now();
  let calm = 0;
  while (Date.now() < limit) {
    const counts = stateCounts(await client.summary());
    const moving = MOVING.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
    calm = moving === 0 && (counts.waiting ?? 0) <= mayWait ? calm + 1 : 0;
    if (calm >= 3) return;
    const now = JSON.stringify(counts);
    if (now !== mark) {
      mark = now;
      since = Date.now();
    } else if (Date.now() - since > stallMs) {
      run.problems.push(`stalled: no progress for ${stallMs} ms at ${now}`);
      return;
    }
    await pause(run.chaos.pollMs ?? 250);
  }
  run.problems.push(`not at rest within the time limit: ${mark}`);
}

export function stateCounts(summary: Summary): Record<string, number> {
  const out: Record<string, number> = {};
  for (const states of Object.values(summary.kinds)) {
    for (const [state, count] of Object.entries(states)) out[state] = (out[state] ?? 0) + count;
  }
  return out;
}

/** Single calls repeat what stands (G-20, G-21): `duplicate`, same version, a receipt that verifies. */
async function repeatSingles(run: Run, records: PlannedRecord[]): Promise<void> {
  const client = run.clients.at(-1) as StationClient;
  for (const record of records.filter((_, index) => index % 9 === 0).slice(0, 12)) {
    const { kind, sourceId, last } = record;
    const { revision, data, reason } = last;
    const answer =
      last.op === 'void'
        ? await client.remove(kind, sourceId, reason ?? '重复登记', revision)
        : await client.put(kind, sourceId, { data: data ?? {}, ...(revision === undefined ? {} : { revision }) });
    const problems = await client.verifySingle(last, answer);
    if (answer.outcome !== 'duplicate') problems.push(`repeated singly, it is ${answer.outcome}`);
    run.problems.push(...problems.map((problem) => `${keyOf(record)}: ${problem}`));
  }
}

async function judgeNational(view: NationalView): Promise<string[]> {
  const violations = await view.violations();
  return violations.map(
    (one) =>
      `national violation ${one.rule}: ${one.message} [${one.bizNos.slice(0, 5).join(', ')}] request ${one.requestId}`,
  );
}

async function reportOf(
  run: Run,
  of: { flow: ContractFlow; evidence: Evidence; pushes: StationItem[][]; started: number },
): Promise<ContractReport> {
  const states: Record<string, number> = {};
  for (const status of of.evidence.statuses.values()) states[status.state] = (states[status.state] ?? 0) + 1;
  const standing = (of.evidence.rows.get('service-record') ?? []).filter((row) => row.status === 'ACTIVE');
  return {
    seed: of.flow.seed,
    records: of.evidence.records.length,
    pushes: of.pushes.reduce((sum, batch) => sum + batch.length, 0),
    batches: of.pushes.length,
    lostAnswers: run.lost,
    states,
    nationalRequests: await run.view.requestCount(),
    totalMinutes: standing.reduce((sum, row) => sum + Number(row.data.minutes), 0),
    ms: Date.now() - of.started,
  };
}

function listOf(seed: number, problems: string[], report: ContractReport): string {
  const shown = problems.slice(0, SHOWN).map((problem) => `  - ${problem}`);
  if (problems.length > SHOWN) shown.push(`  … and ${problems.length - SHOWN} more`);
  return [`contract flow failed, seed ${seed}, ${problems.length} problems:`, ...shown, JSON.stringify(report)].join(
    '\n',
  );
}
