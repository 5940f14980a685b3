import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import {
  createGateway,
  loadProfile,
  type NationalGateway,
  type NationalRefs,
  type OutgoingItem,
} from '../national/index.js';
import { systemClock } from '../platform/clock/index.js';
import { loadSettings, projectRoot } from '../platform/config/index.js';
import type { Environment } from './programs.js';
import type { StationItem } from './world.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const DEFAULT_POLL_MS = 20;

/** National numbers of the prepared world by `kind/sourceId`. */
type Numbers = ReadonlyMap<string, string>;

/** The adapter's own gateway without the adapter: signing, field encryption, token, sockets. */
export function openBareGateway(env: Environment): NationalGateway {
  const settings = loadSettings(env);
  const { nationalBaseUrl, nationalAppKey, nationalAppSecret, nationalFieldKey } = settings;
  if (nationalBaseUrl === null || nationalAppKey === null || nationalAppSecret === null || nationalFieldKey === null) {
    throw new Error('NATIONAL_BASE_URL, NATIONAL_APP_KEY, NATIONAL_APP_SECRET and NATIONAL_FIELD_KEY belong together');
  }
  return createGateway({
    profile: loadProfile({ profilesDir: join(projectRoot(), 'config', 'national'), id: settings.nationalProfile }),
    clock: systemClock,
    logger: silent,
    baseUrl: nationalBaseUrl,
    appKey: nationalAppKey,
    appSecret: nationalAppSecret,
    fieldKeyHex: nationalFieldKey,
    random: { bytes: randomBytes },
  });
}

export async function readNumbers(admin: Client): Promise<Numbers> {
  const { rows } = await admin.query<{ key: string; biz_no: string }>(
    `SELECT kind || '/' || source_id AS key, biz_no FROM bench_world.record`,
  );
  return new Map(rows.map((row) => [row.key, row.biz_no]));
}

function refsOf(item: StationItem, numbers: Numbers): NationalRefs {
  return {
    volunteerBizNo: numbers.get(`volunteer/${String(item.data.volunteerId)}`),
    activityBizNo: numbers.get(`activity/${String(item.data.activityId)}`),
    projectBizNo: numbers.get('project/project-1'),
    teamBizNo: numbers.get('team/team-1'),
    stationBizNo: numbers.get('station/station-1'),
  };
}

/** Batches as the adapter sends them; encrypting and signing them is part of what is measured. */
export function bareBatches(items: readonly StationItem[], numbers: Numbers, size: number): OutgoingItem[][] {
  const outgoing = items.map((item): OutgoingItem => ({
    kind: item.kind,
    bizNo: `ZQ-${randomUUID().replaceAll('-', '')}`,
    version: 1,
    op: 'UPSERT',
    reason: null,
    data: item.data,
    refs: refsOf(item, numbers),
  }));
  const batches: OutgoingItem[][] = [];
  for (let at = 0; at < outgoing.length; at += size) batches.push(outgoing.slice(at, at + size));
  return batches;
}

/** Sends all batches with `concurrency` in flight and polls each receipt to its end. Returns milliseconds. */
export async function bareMirror(
  gateway: NationalGateway,
  batches: readonly OutgoingItem[][],
  concurrency: number,
): Promise<number> {
  const queue = [...batches];
  const startedAt = performance.now();
  const lane = async (): Promise<void> => {
    for (let batch = queue.shift(); batch; batch = queue.shift()) await deliver(gateway, batch);
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return performance.now() - startedAt;
}

async function deliver(gateway: NationalGateway, batch: readonly OutgoingItem[]): Promise<void> {
  const answer = await gateway.write(gateway.prepare(batch, `ZQ-${randomUUID().replaceAll('-', '')}`));
  if (answer.level !== 'call' || answer.outcome.class !== 'ACCEPTED' || answer.outcome.batchNo === null) {
    throw new Error(`the nation did not take a batch: ${JSON.stringify(answer)}`);
  }
  const { batchNo, pollAfterMs } = answer.outcome;
  for (;;) {
    await sleep(pollAfterMs ?? DEFAULT_POLL_MS);
    const receipt = await gateway.receipt(batchNo);
    if (receipt.status === 'processing') continue;
    if (receipt.status !== 'done') throw new Error(`no receipt: ${receipt.outcome.code}`);
    const refused = [...receipt.items.values()].find((outcome) => outcome.class !== 'DONE');
    if (refused || receipt.items.size !== batch.length) throw new Error(`refused: ${JSON.stringify(refused)}`);
    return;
  }
}
