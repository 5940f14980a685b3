import { readFileSync } from 'node:fs';
import type { StationItem } from '../../independent/station-types.js';
import { ReactionStage } from './reaction-stage.js';

/** One call that a fault strikes; `writes` = how many times the nation may see the number. */
interface Case {
  readonly id: string;
  readonly params?: object;
  readonly writes: number;
}

/** Unpacked, it could not be overlooked beside what the worker needs. */
const BOMB_MIB = 192;

/** Stored, or not looked at: in each case the answer says nothing that could be believed. */
const CASES: readonly Case[] = [
  { id: 'F02', writes: 2 },
  { id: 'F03', params: { how: 'hang' }, writes: 1 },
  { id: 'F03', params: { how: 'reset' }, writes: 1 },
  { id: 'F04', params: { then: 'reset' }, writes: 1 },
  { id: 'F05', params: { status: 502 }, writes: 2 },
  { id: 'F05', params: { status: 504, committed: true }, writes: 1 },
  { id: 'F06', writes: 2 },
  { id: 'F06', params: { committed: true }, writes: 1 },
  { id: 'F08', params: { how: 'truncated' }, writes: 1 },
  { id: 'F08', params: { how: 'malformed' }, writes: 1 },
  { id: 'F08', params: { how: 'bom' }, writes: 1 },
  { id: 'F08', params: { how: 'trailing' }, writes: 1 },
  { id: 'F09', params: { contentType: 'text/plain' }, writes: 1 },
  { id: 'F09', params: { contentType: 'text/html' }, writes: 1 },
  { id: 'F10', params: { declared: 'utf-8' }, writes: 1 },
  { id: 'F10', params: { declared: 'nothing' }, writes: 1 },
  { id: 'F10', params: { declared: 'gbk' }, writes: 1 },
  { id: 'F11', params: { how: 'twice' }, writes: 1 },
  { id: 'F11', params: { how: 'false' }, writes: 1 },
  { id: 'F11', params: { how: 'broken' }, writes: 1 },
  { id: 'F11', params: { how: 'unasked' }, writes: 1 },
  { id: 'F11', params: { how: 'bomb', mib: BOMB_MIB }, writes: 1 },
  { id: 'F11', params: { how: 'huge', mib: 32 }, writes: 1 },
  { id: 'F12', params: { everyMs: 60_000 }, writes: 1 },
  { id: 'F13', params: { chunked: true }, writes: 1 },
  { id: 'F13', params: { chunked: false }, writes: 1 },
  { id: 'F14', writes: 1 },
  { id: 'F15', params: { where: 'nowhere' }, writes: 1 },
  { id: 'F15', params: { where: 'text' }, writes: 1 },
  { id: 'F30', params: { first: 'committed' }, writes: 1 },
  { id: 'F30', params: { first: 'lost' }, writes: 2 },
  { id: 'F40', writes: 2 },
  { id: 'F40', params: { committed: true }, writes: 1 },
  { id: 'F41', params: { how: 'int-code' }, writes: 1 },
  { id: 'F41', params: { how: 'null-data' }, writes: 1 },
  { id: 'F41', params: { how: 'sentinel' }, writes: 1 },
  { id: 'F41', params: { how: 'json-string' }, writes: 1 },
];

/** Fewer than the failures in a row that open a breaker, and one call that goes well behind them. */
const WAVE = 4;

const titleOf = ({ id, params }: Case): string => `${id} ${params ? JSON.stringify(params) : ''}`;
const markOf = (index: number): string => `W${String(index).padStart(2, '0')}`;

/** One entry per call, so that each fault strikes exactly the record that it is meant for. */
describe('a write whose answer cannot be believed', () => {
  let stage: ReactionStage;
  const items: StationItem[] = [];
  let grownMiB = 0;

  beforeAll(async () => {
    stage = await ReactionStage.open({ nation: { limits: { batchItems: 1 } } });
    for (let from = 0; from < CASES.length; from += WAVE) {
      const wave = CASES.slice(from, from + WAVE).map((one, at) => ({ ...one, mark: markOf(from + at) }));
      for (const { id, params, mark } of wave) {
        await stage.fault(id, { ...params, match: { bodyIncludes: `探测${mark}1号` }, times: 1 });
      }
      const struck = wave.map(({ mark }) => stage.station(mark));
      items.push(...struck);
      const before = residentMiB(stage.adapter.program('worker').pid);
      const calm = stage.station(`C${from}`);
      await stage.push([...struck, calm]);
      await stage.untilAll([...struck, calm], 'mirrored', 'attention');
      await stage.timePasses();
      grownMiB = Math.max(grownMiB, residentMiB(stage.adapter.program('worker').pid) - before);
    }
  }, 280_000);

  afterAll(() => stage?.close(), 60_000);

  it.each(CASES.map((one, index) => ({ ...one, index, title: titleOf(one) })))(
    '$title: one row, linked, $writes write(s)',
    async ({ index, writes }) => {
      const status = await stage.expectMirroredOnce(items[index] as StationItem);
      expect(stage.writesOf(status.bizNo)).toBe(writes);
      const events = (await stage.told()).get(`station/${status.sourceId}`) ?? [];
      expect(events.map(({ state }) => state)).not.toContain('attention');
    },
  );

  it('every fault has struck, and nothing was written again without having asked', async () => {
    for (const id of new Set(CASES.map((one) => one.id))) {
      const wanted = CASES.filter((one) => one.id === id).length;
      expect([id, await stage.fired(id)]).toEqual([id, expect.any(Number)]);
      expect(await stage.fired(id)).toBeGreaterThanOrEqual(wanted);
    }
    await stage.expectClean();
  });

  it('F11: what unpacks to hundreds of MiB is never unpacked', () => {
    expect(grownMiB).toBeLessThan(BOMB_MIB / 2);
  });

  it('F10, F40: what people are shown is readable, and the unknown code is in the log', async () => {
    const shown = await stage.statusOf(items[CASES.findIndex(({ id }) => id === 'F10')] as StationItem);
    expect(shown.lastOutcome?.message).toMatch(/^[\p{Script=Han}，。：]+$/u);
    expect(stage.adapter.logs()).toMatch(/"code":"7777".*needs attention/);
  });
});

function residentMiB(pid: number): number {
  const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1_024;
}
