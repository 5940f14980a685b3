import type { JsonObject } from '../../independent/canonical.js';
import { makeWorld } from '../../independent/world.js';
import type { StationItem } from '../../independent/station-types.js';
import type { ReactionStage } from './reaction-stage.js';

type Item = StationItem & { data: JsonObject };

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** One station with everything that a service record needs, mirrored; and records that nobody has pushed yet. */
export class StationWorld {
  private readonly records: Item[];
  private readonly revisions = new Map<string, number>();
  readonly certificates: Item[];
  /** One record of each person who asks for a certificate. */
  readonly certified: Item[];
  private readonly base: Item[];

  constructor(
    private readonly stage: ReactionStage,
    seed: number,
  ) {
    const sizes = {
      stations: 1, teamsPerStation: 1, projectsPerTeam: 1, activitiesPerProject: 8, volunteers: 6,
      recordsPerVolunteer: 12, evaluations: 0, trainings: 0, commendations: 0, certificates: 2, blocked: false,
    }; // prettier-ignore
    const items = makeWorld({ seed, sizes }).records.map(({ item }) => ({ ...item, revision: 0 }));
    this.records = items.filter(({ kind }) => kind === 'service-record');
    this.certificates = items.filter(({ kind }) => kind === 'certificate-request');
    this.certified = this.certificates.flatMap(({ data }) => this.takeOf(textOf(data.volunteerId)));
    this.base = items.filter(({ kind }) => kind !== 'service-record' && kind !== 'certificate-request');
  }

  private takeOf(volunteerId: string): Item[] {
    const at = this.records.findIndex(({ data }) => data.volunteerId === volunteerId);
    return at < 0 ? [] : this.records.splice(at, 1);
  }

  async settle(): Promise<void> {
    await this.stage.push(this.base);
    await this.stage.untilAll(this.base, 'mirrored');
  }

  get(kind: string, place = 0): Item {
    const found = this.base.filter((item) => item.kind === kind)[place];
    if (!found) throw new Error(`the world has no ${kind} ${place}`);
    return found;
  }

  /** The next records, with a mark in their text by which a fault finds them. */
  take(mark: string, count = 1): Item[] {
    return this.records
      .splice(0, count)
      .map((item) => ({ ...item, data: { ...item.data, content: `${mark}：${textOf(item.data.content)}` } }));
  }

  /** A person whom nobody has registered yet. */
  newcomer(seed: number): Item {
    const found = makeWorld({ seed, sizes: { volunteers: 1 } }).records.find(({ item }) => item.kind === 'volunteer');
    if (!found) throw new Error('the world has no volunteer');
    return { ...found.item, sourceId: `VO-NEW-${seed}` };
  }

  /** A later revision of an item. */
  next(item: StationItem, change: object, reason = '登记有误'): Item {
    const key = `${item.kind}/${item.sourceId}`;
    const revision = (this.revisions.get(key) ?? 0) + 1;
    this.revisions.set(key, revision);
    const base = item as Item;
    return { ...base, revision, reason, data: { ...base.data, ...change } };
  }

  withdrawal(item: StationItem): StationItem {
    const { kind, sourceId } = item;
    const { revision } = this.next(item, {});
    return { kind, sourceId, revision: revision ?? 1, op: 'void', reason: '重复登记' };
  }
}
