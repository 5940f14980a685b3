import { randomUUID } from 'node:crypto';
import { Administrators, type ShownAdministrator } from '../../../src/access/index.js';
import type { SourceIdentity } from '../../../src/ingest/intake.types.js';
import { ChangeSequencer } from '../../../src/ledger/index.js';
import type { GatewayOutcome, OutgoingItem } from '../../../src/national/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { ledgerChanges, ProblemCollector } from '../../../src/problems/index.js';
import { forgetAll, openDeliveryKit, type DeliveryKit } from '../delivery/delivery-kit.js';
import { activity, at, membership, project, serviceRecord, station, team, volunteer } from '../ledger/station-world.js';

export interface ProblemsKit extends DeliveryKit {
  readonly administrators: Administrators;
  readonly collector: ProblemCollector;
  admin(scope?: string): Promise<ShownAdministrator>;
  /** Numbers the feed and takes in everything that is in it. */
  collect(): Promise<void>;
  /** A source system with station, team, project, activity and one volunteer that stand nationally. */
  world(county?: string): Promise<SourceIdentity>;
  /** Pushes service-records `R0`…, each of its own quarter of an hour; not delivered yet. */
  records(source: SourceIdentity, count: number, prefix?: string): Promise<void>;
}

/** Leaves no record and no problem behind, so that the next test counts only its own. */
export async function forgetProblems(kit: ProblemsKit): Promise<void> {
  await kit.collect();
  await forgetAll(kit);
  await kit.rows('TRUNCATE problem, problem_item, problem_act, replay, replay_item');
  await kit.rows('DELETE FROM record');
}

export const refused = (code: string): GatewayOutcome => ({
  class: 'REJECT', code, message: '未通过', fields: [],
}); // prettier-ignore

export const isRecord = (item: OutgoingItem): boolean => item.kind === 'service-record';

const BATCH = 1_000;
const QUARTERS_A_DAY = 96;
let person = 1;

const time = (quarter: number): string =>
  `${String(Math.floor(quarter / 4)).padStart(2, '0')}:${String((quarter % 4) * 15).padStart(2, '0')}`;

export async function openProblemsKit(): Promise<ProblemsKit> {
  const kit = await openDeliveryKit();
  const { database } = kit;
  const sequencer = new ChangeSequencer(database, (error) => {
    throw error;
  });
  const collector = new ProblemCollector({ database, ids: systemIds, changes: ledgerChanges });
  const administrators = new Administrators(database, systemIds);
  const area = (county: string): string => `${county}101003`;
  return {
    ...kit,
    administrators,
    collector,
    admin: (scope = '5334') => administrators.create({ name: `测试管理员${randomUUID()}`, scope }),
    collect: async () => {
      while (await sequencer.turn());
      while (await collector.turn());
    },
    world: async (county = '533401') => {
      const source = kit.newSource();
      const here = { data: { areaCode: area(county) } };
      const served = { data: { serviceAreaCode: area(county), residenceAreaCode: area(county) } };
      person += 2;
      await kit.push(source, [
        station('S1', here), team('T1', 'S1', here), project('P1', { team: 'T1', station: 'S1' }, here),
        activity('A1', 'P1', { data: { startAt: at('00:00'), endAt: at('23:59') } }),
        volunteer('V1', { no: person }, served), membership('M1', { volunteer: 'V1', project: 'P1' }),
      ]); // prettier-ignore
      for (const [kind, id] of [
        ['station', 'S1'], ['team', 'T1'], ['project', 'P1'], ['activity', 'A1'], ['volunteer', 'V1'], ['membership', 'M1'],
      ] as const) await kit.land(source, kind, id); // prettier-ignore
      return source;
    },
    records: async (source, count, prefix = 'R') => {
      const items = Array.from({ length: count }, (_, index) => {
        const quarter = index % (QUARTERS_A_DAY - 1);
        const times = { from: time(quarter), to: time(quarter + 1) };
        return serviceRecord(`${prefix}${index}`, { volunteer: 'V1', activity: 'A1', ...times });
      });
      for (let from = 0; from < items.length; from += BATCH) await kit.push(source, items.slice(from, from + BATCH));
    },
  };
}
