import { bareBatches, bareMirror, openBareGateway, readNumbers } from './bare-client.js';
import { bareInsert } from './bare-insert.js';
import { rate, say, type Comparison } from './figures.js';
import type { Part } from './options.js';
import type { Stage } from './stage.js';
import { prepareBatches } from './station-client.js';

/** The measures. */
const ACCEPTED = 30_000;
const MIRRORED = 20_000;
/** Calls that the adapter has in flight at most: WORKER_CONCURRENCY, at its default. */
const CONCURRENCY = 8;
/** Both sides once without a clock: compiled code, plans and sockets are there when the first round begins. */
const WARM_UP = 3_000;

interface Side {
  readonly adapter: number;
  readonly bare: number;
}

/** Milliseconds from the first byte to the last 200, then the same rows by bare INSERT. */
async function acceptRound(stage: Stage, count: number): Promise<Side> {
  const batches = prepareBatches(stage.records.take(count));
  await stage.reset();
  const { cpu } = stage;
  cpu.start();
  const adapter = await stage.client.pushAll(batches);
  cpu.tell('accept', count);
  return { adapter, bare: await bareInsert(stage.admin, () => stage.settle()) };
}

interface BareSide {
  readonly gateway: ReturnType<typeof openBareGateway>;
  readonly numbers: Awaited<ReturnType<typeof readNumbers>>;
  readonly batchItems: number;
}

async function openBareSide(stage: Stage): Promise<BareSide> {
  const gateway = openBareGateway(stage.nationalEnv);
  const status = await gateway.status();
  if (status.status === 'failed') throw new Error(`the nation does not answer: ${status.outcome.code}`);
  return { gateway, numbers: await readNumbers(stage.admin), batchItems: status.value.limits.batchItems };
}

/** Milliseconds from the opening of the gate to the last `mirrored`, then as many records by the bare client. */
async function mirrorRound(stage: Stage, bareSide: BareSide, count: number): Promise<Side> {
  const batches = prepareBatches(stage.records.take(count));
  await stage.reset();
  await stage.client.pushAll(batches);
  await stage.settle();
  const { cpu } = stage;
  cpu.start();
  const startedAt = performance.now();
  await stage.gate.open();
  await stage.untilDelivered(count + (await stage.worldSize()));
  const adapter = performance.now() - startedAt;
  cpu.tell('mirror', count);
  await stage.gate.shut();
  const bare = bareBatches(stage.records.take(count), bareSide.numbers, bareSide.batchItems);
  cpu.start();
  const bareMs = await bareMirror(bareSide.gateway, bare, CONCURRENCY);
  cpu.tell('bare client', count);
  return { adapter, bare: bareMs };
}

export interface Measured {
  readonly accept: Comparison | null;
  readonly mirror: Comparison | null;
}

/** Rounds of all four legs in turn, so that whatever slows the machine slows both sides. */
export async function runRounds(stage: Stage, rounds: number, only: Part | null): Promise<Measured> {
  const accept = { adapter: [] as number[], bare: [] as number[] };
  const mirror = { adapter: [] as number[], bare: [] as number[] };
  const hasAccept = only === null || only === 'accept';
  const hasMirror = only === null || only === 'mirror';
  const bareSide = await openBareSide(stage);
  await stage.gate.shut();
  if (hasAccept) await acceptRound(stage, WARM_UP);
  if (hasMirror) await mirrorRound(stage, bareSide, WARM_UP);
  for (let round = 1; round <= rounds; round += 1) {
    if (hasAccept) note(accept, { name: 'accept', round, count: ACCEPTED }, await acceptRound(stage, ACCEPTED));
    if (hasMirror)
      note(mirror, { name: 'mirror', round, count: MIRRORED }, await mirrorRound(stage, bareSide, MIRRORED));
  }
  return { accept: hasAccept ? accept : null, mirror: hasMirror ? mirror : null };
}

function note(
  into: { adapter: number[]; bare: number[] },
  leg: { name: string; round: number; count: number },
  took: Side,
): void {
  const adapter = rate(leg.count, took.adapter);
  const bare = rate(leg.count, took.bare);
  into.adapter.push(adapter);
  into.bare.push(bare);
  const figures = `adapter ${Math.round(adapter)}/s, bare ${Math.round(bare)}/s, ratio ${(adapter / bare).toFixed(3)}`;
  say(`round ${leg.round}  ${leg.name.padEnd(6)}  ${figures}`);
}
