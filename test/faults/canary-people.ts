import type { Json, JsonObject } from '../independent/canonical.js';
import { isObject } from '../independent/canonical.js';
import { idNumber } from '../independent/world-numbers.js';
import { makeWorld } from '../independent/world.js';
import type { StationItem } from '../independent/station-types.js';

export interface CanaryWorld {
  readonly items: readonly StationItem[];
  /** Every personal text that was planted. */
  readonly canaries: readonly string[];
}

/** Names that occur nowhere else: rare characters, which also survive every encoding. */
const MARK = '龘靐';
const NAMES = new Set(['contactName', 'responsiblePerson', 'recorder', 'handler', 'recordedBy']);
const TEXTS = new Set(['remark', 'text']);
const NUMBERS = new Set(['mobile', 'contactMobile', 'idNo']);

class Planter {
  readonly canaries = new Set<string>();
  private count = 0;

  /** A copy with a canary in place of each personal text; numbers are invented already and are canaries as they are. */
  plant(value: Json | undefined, path: readonly string[]): Json {
    if (value === undefined) return null;
    if (Array.isArray(value)) return value.map((one) => this.plant(one, path));
    if (isObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.plant(one, [...path, key])]));
    }
    const key = path.at(-1) ?? '';
    if (typeof value === 'string' && NUMBERS.has(key)) return this.keep(value);
    if (key === 'remark' || (typeof value === 'string' && isPersonal(path))) return this.keep(this.newText());
    return value;
  }

  newText(): string {
    this.count += 1;
    return `${MARK}${String.fromCharCode(0x4e00 + this.count)}`;
  }

  keep(canary: string): string {
    this.canaries.add(canary);
    return canary;
  }
}

function isPersonal(path: readonly string[]): boolean {
  const [kind, parent, key] = [path[0], path.at(-2), path.at(-1) ?? ''];
  if (NAMES.has(key) || TEXTS.has(key)) return true;
  if (key === 'contact') return kind === 'certificate-request';
  return (
    key === 'name' && ((kind === 'volunteer' && path.length === 2) || parent === 'managers' || parent === 'guardian')
  );
}

/** A small world of people whose every personal text is a canary. */
export function plantCanaries(seed: number): CanaryWorld {
  const planter = new Planter();
  const sizes = { stations: 1, volunteers: 4, recordsPerVolunteer: 1, activitiesPerProject: 2, blocked: false };
  const items = makeWorld({ seed, sizes }).records.map(({ item }) => ({
    ...item,
    data: planter.plant(item.data, [item.kind]) as JsonObject,
  }));
  return { items, canaries: [...planter.canaries] };
}

export interface BadPush {
  readonly items: readonly JsonObject[];
  readonly canaries: readonly string[];
}

/** Items that are refused, each for another reason, all about people that are mentioned nowhere else. */
export function refusedItems(good: StationItem): BadPush {
  const name = `${MARK}拒`;
  const idNo = idNumber({ birthDate: '1971-05-06', gender: '1', serial: 321 });
  const base = { ...good.data, name, idNo, birthDate: '1971-05-06', gender: '1' };
  const item = (sourceId: string, data: JsonObject): JsonObject => ({ kind: 'volunteer', sourceId, data });
  return {
    canaries: [name, idNo],
    items: [
      item('BAD-1', { ...base, idNo: `${idNo}9` }),
      item('BAD-2', { ...base, mobile: name }),
      item('BAD-3', { ...base, gender: '2' }),
      item('BAD-4', { ...base, consent: name }),
      item('BAD-5', { ...base, nickname: name }),
      item('BAD-6', { ...base, name: `${name}\u0000` }),
      item('BAD-7', { ...base, serviceAreaCode: idNo }),
    ],
  };
}
