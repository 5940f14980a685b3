import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayOutcome, NationalGateway, OutgoingItem } from '../../src/national/index.js';
import { projectRoot } from '../../src/platform/config/index.js';
import { startSimulator, type Simulator } from '../../src/simulator/index.js';
import { gatewayTo, quickProfile } from './nation-double.js';

// Gateway and simulator were written apart from one text; here they meet. What both read alike is probably what it says.

const vectorsFile = join(projectRoot(__dirname), 'config/national/ref-v1/vectors/outgoing.json');
const { vectors } = JSON.parse(readFileSync(vectorsFile, 'utf8')) as {
  vectors: { name: string; item: OutgoingItem }[];
};

const PARENTS_FIRST = [
  'station', 'volunteer', 'team', 'project', 'membership', 'activity', 'service-record', 'evaluation', 'training',
  'commendation',
]; // prettier-ignore

let simulator: Simulator;
let directory: string;
let gateway: NationalGateway;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'nation-'));
  simulator = await startSimulator({ directory, setting: 'bench', seed: 7 });
  const deadlineMs = { write: 5000, read: 5000, token: 5000, time: 5000 };
  const { transport } = quickProfile().spec;
  const profile = quickProfile({ transport: { ...transport, deadlineMs } });
  gateway = gatewayTo(`http://127.0.0.1:${simulator.port}`, { profile });
});
afterAll(async () => {
  await simulator.close();
  rmSync(directory, { recursive: true, force: true });
});

async function control(path: string, body: object): Promise<void> {
  const reply = await fetch(`http://127.0.0.1:${simulator.controlPort}/sim/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!reply.ok) throw new Error(`control ${path}: ${reply.status} ${await reply.text()}`);
}

const versions = new Map<string, number>();
/** The vectors' items one after the other, each content a new version of its number. */
function next(item: OutgoingItem): OutgoingItem {
  const version = (versions.get(item.bizNo) ?? 0) + 1;
  versions.set(item.bizNo, version);
  return { ...item, version };
}

async function write(item: OutgoingItem): Promise<GatewayOutcome | undefined> {
  const answer = await gateway.write(gateway.prepare([item], null));
  return answer.level === 'call' ? answer.outcome : answer.items.get(item.bizNo);
}

async function untilReviewed(kind: string, bizNo: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await gateway.lookup(kind, [bizNo]);
    if (answer.status === 'found' && answer.rows.get(bizNo)?.[0]?.review === 'PASSED') return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${bizNo} never passed`);
}

describe.each(PARENTS_FIRST)('%s', (kind) => {
  const own = vectors.filter(({ item }) => item.kind === kind && item.op !== 'VOID' && item.linkTo === undefined);

  it.each(own)('$name: stored, with the hash that we computed', async ({ item: written }) => {
    const item = next(written);
    const call = gateway.prepare([item], null);
    expect(await write(item)).toMatchObject({ class: 'DONE', result: item.version === 1 ? 'CREATED' : 'UPDATED' });
    if (gateway.facts.reviewedKinds.includes(kind)) await untilReviewed(kind, item.bizNo);
    const found = await gateway.lookup(kind, [item.bizNo]);
    if (found.status !== 'found') throw new Error('lookup failed');
    expect(found.rows.get(item.bizNo)).toMatchObject([
      {
        bizNo: item.bizNo,
        version: item.version,
        contentHash: call.contentHashes.get(item.bizNo),
        status: 'ACTIVE',
        review: 'PASSED',
      },
    ]);
    expect(Math.abs(found.asOfMs - gateway.nationalNowMs())).toBeLessThan(60_000);
    expect(await write(item)).toMatchObject({ class: 'DONE', result: 'DUPLICATE', storedVersion: item.version });
  });
});

describe('life of records', () => {
  const record = vectors.find(({ item }) => item.kind === 'service-record')?.item;
  if (!record) throw new Error('no vector of a record');
  const at = (nth: number, hour: number): OutgoingItem => ({
    ...record,
    bizNo: `YN-DQ-SR-9${nth}`,
    version: 1,
    data: {
      ...record.data,
      minutes: 60,
      startAt: `2026-11-20T${hour}:00:00+08:00`,
      endAt: `2026-11-20T${hour + 1}:00:00+08:00`,
    },
  });
  const batchOf = [at(1, 14), at(2, 16), { ...at(3, 18), refs: { ...record.refs, activityBizNo: 'YN-DQ-AC-NONE' } }];

  it('batch: taken, receipt by either number, each item with its own outcome', async () => {
    const answer = await gateway.write(gateway.prepare(batchOf, 'CB-1'));
    if (answer.level !== 'call' || answer.outcome.class !== 'ACCEPTED') throw new Error('not accepted');
    let receipt = await gateway.receipt(answer.outcome.batchNo ?? '');
    while (receipt.status === 'processing') {
      await new Promise((resolve) => setTimeout(resolve, 10));
      receipt = await gateway.receipt(answer.outcome.batchNo ?? '');
    }
    expect(receipt).toEqual(await gateway.receiptByClientBatchNo('CB-1'));
    if (receipt.status !== 'done') throw new Error('no receipt');
    expect(receipt.items.get('YN-DQ-SR-91')).toMatchObject({ class: 'DONE', result: 'CREATED', review: 'PASSED' });
    expect(receipt.items.get('YN-DQ-SR-93')).toMatchObject({
      class: 'WAITDEP',
      missing: [{ entity: 'activities', bizNo: 'YN-DQ-AC-NONE' }],
    });
    expect(await gateway.receiptByClientBatchNo('CB-NONE')).toMatchObject({ status: 'gone' });
  });

  it('certificate: accepted, issued, then its records are locked', async () => {
    const lines = ['YN-DQ-SR-91', 'YN-DQ-SR-92'].map((bizNo) => ({ bizNo, version: 1, minutes: 60 }));
    const request = vectors.find(({ item }) => item.kind === 'certificate-request')?.item;
    if (!request) throw new Error('no vector of a certificate');
    const refs = {
      ...request.refs,
      totalMinutes: 120,
      recordCount: 2,
      recordsHash: gateway.recordsHash(lines),
      recordBizNos: lines.map((line) => line.bizNo),
    };
    const wrong = await write({ ...request, refs: { ...refs, totalMinutes: 121 } });
    expect(wrong).toMatchObject({ class: 'WAITDEP', code: '2301' });
    expect(await write({ ...request, refs })).toMatchObject({ class: 'ACCEPTED', batchNo: null });
    let seen = await gateway.certificate(request.bizNo);
    while (seen.status === 'ACCEPTED' || seen.status === 'REVIEWING') {
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen = await gateway.certificate(request.bizNo);
    }
    expect(seen).toMatchObject({ status: 'ISSUED', certNo: expect.stringMatching(/./) as unknown });
    expect(await write({ ...at(1, 14), version: 2, op: 'VOID', reason: '重复登记' })).toMatchObject({
      class: 'CONFLICT',
      code: '2014',
    });
  });

  it('correct, void, void again, reopen', async () => {
    const item = at(4, 20);
    expect(await write(item)).toMatchObject({ result: 'CREATED' });
    expect(await write({ ...item, version: 2, op: 'CORRECT', reason: null })).toMatchObject({ result: 'UPDATED' });
    expect(await write({ ...item, version: 3, op: 'VOID', reason: '重复登记' })).toMatchObject({ result: 'VOIDED' });
    expect(await write({ ...item, version: 4, op: 'VOID', reason: '重复登记' })).toMatchObject({ result: 'DUPLICATE' });
    expect(await write({ ...item, version: 5 })).toMatchObject({ class: 'CONFLICT', code: '2013' });
    expect(await write({ ...item, version: 5, reopen: true })).toMatchObject({ result: 'UPDATED' });
    expect(await write({ ...item, version: 4 })).toMatchObject({ result: 'SUPERSEDED', storedVersion: 5 });
  });

  it('the same content under another number: LINK names the holder', async () => {
    expect(await write({ ...at(4, 20), bizNo: 'YN-DQ-SR-95' })).toMatchObject({
      class: 'LINK',
      holderBizNo: 'YN-DQ-SR-94',
    });
  });
});

describe('the nation moves', () => {
  it('status', async () => {
    expect(await gateway.status()).toMatchObject({
      status: 'ok',
      value: { mode: 'open', limits: { batchItems: 100 }, writesOpenInMs: null },
    });
  });

  it('ten days ahead: clock and token repair themselves inside one call', async () => {
    await control('clock', { advanceMs: 10 * 86_400_000 });
    expect(await gateway.status()).toMatchObject({ status: 'ok' });
    expect(gateway.nationalNowMs() - Date.now()).toBeGreaterThan(9 * 86_400_000);
  });
});
