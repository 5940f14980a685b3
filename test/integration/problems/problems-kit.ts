import { randomUUID } from 'node:crypto';
import { Administrators, type ShownAdministrator } from '../../../src/access/index.js';
import type { SourceIdentity } from '../../../src/ingest/intake.types.js';
import { ChangeSequencer } from '../../../src/ledger/index.js';
import type { GatewayOutcome, OutgoingItem } from '../../../src/national/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { ledgerChanges, ProblemCollector } from '../../../src/problems/index.js';
import { forgetAll, openDeliveryKit, type DeliveryKit } from '../delivery/delivery-kit.js';
import {
  activity, at, idNumber, membership, project, serviceRecord, station, team, volunteer,
} from '../ledger/station-world.js'; // prettier-ignore

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
/** Quarters of an hour that do not touch another: two records of one person at one time are never in flight together. */
const RECORDS_A_PERSON = 94;
let person = 1;

const time = (quarter: number): string =>
  `${String(Math.floor(quarter / 4)).padStart(2, '0')}:${String((quarter % 4) * 15).padStart(2, '0')}`;

/** Enough different people for tens of thousands of records. */
const birth = (index: number): { birthDate: string } => ({
  birthDate: `${1960 + (Math.floor(index / 900) % 40)}-03-07`,
});

export async function openProblemsKit(): Promise<ProblemsKit> {
  const kit = await openDeliveryKit();
  const { database } = kit;
  const sequencer = new ChangeSequencer(database, (error) => {
    throw error;
  });
  const collector = new ProblemCollector({ database, ids: systemIds, changes: ledgerChanges });
  const administrators = new Administrators(database, systemIds);
  const area = (county: string): string => `${county}101003`;
  /** As if the nation had taken everything of this source. */
  const landAll = async (source: SourceIdentity): Promise<void> => {
    await kit.rows(
      `UPDATE record SET state = 'mirrored', national_status = 'ACTIVE', national_review = 'PASSED',
         national_version = version, national_id = 'N-' || biz_no
       WHERE source_system_id = $1 AND kind <> 'service-record'`,
      [source.id],
    );
    await kit.rows(`DELETE FROM outbox WHERE source_system_id = $1 AND kind <> 'service-record'`, [source.id]);
    await kit.rows(`DELETE FROM record_wait WHERE source_system_id = $1`, [source.id]);
  };
  const people = async (source: SourceIdentity, index: number, areaCode = area('533401')): Promise<void> => {
    const served = { data: { serviceAreaCode: areaCode, residenceAreaCode: areaCode } };
    person += 1;
    const no = { no: (person % 900) + 1 };
    const born = { ...served.data, ...birth(person) };
    const name = `V${index + 1}`;
    await kit.push(source, [
      volunteer(name, no, { data: { ...born, idNo: idNumber(born.birthDate, no.no) } }),
      membership(`M${index + 1}`, { volunteer: name, project: 'P1' }),
    ]); // prettier-ignore
    await landAll(source);
  };
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
      await kit.push(source, [
        station('S1', here), team('T1', 'S1', here), project('P1', { team: 'T1', station: 'S1' }, here),
        activity('A1', 'P1', { data: { startAt: at('00:00'), endAt: at('23:59') } }),
      ]); // prettier-ignore
      await landAll(source);
      await people(source, 0, area(county));
      return source;
    },
    records: async (source, count, prefix = 'R') => {
      for (let known = 1; known * RECORDS_A_PERSON < count; known += 1) await people(source, known);
      const items = Array.from({ length: count }, (_, index) => {
        const quarter = index % RECORDS_A_PERSON;
        const times = { from: time(quarter), to: time(quarter + 1) };
        const volunteerId = `V${Math.floor(index / RECORDS_A_PERSON) + 1}`;
        return serviceRecord(`${prefix}${index}`, { volunteer: volunteerId, activity: 'A1', ...times });
      });
      for (let from = 0; from < items.length; from += BATCH) await kit.push(source, items.slice(from, from + BATCH));
    },
  };
}
