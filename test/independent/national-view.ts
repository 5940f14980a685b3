/** What the judge sees of the national side, in this process or over its control endpoint. */
import type { JsonObject } from './canonical.js';
import type { Certificate, Entity, RowState, Violation } from './national/model.js';
import { NationalSide } from './national-side.js';

export interface RowView extends Pick<RowState, 'bizNo' | 'version' | 'data' | 'status' | 'contentHash'> {
  nationalId: string;
  certificate?: Partial<Certificate>;
}

export interface NationalView {
  rows(entity: Entity): Promise<RowView[]>;
  violations(): Promise<Violation[]>;
  requestCount(): Promise<number>;
}

export function localView(national: NationalSide): NationalView {
  return {
    rows: (entity) => Promise.resolve(national.rows(entity)),
    violations: () => Promise.resolve([...national.violations]),
    requestCount: () => Promise.resolve(national.requests.length),
  };
}

/** For `national-side.main.ts` running as a process of its own. */
export function remoteView(controlUrl: string): NationalView {
  const get = async <T>(path: string): Promise<T> => {
    const reply = await fetch(new URL(path, controlUrl));
    if (!reply.ok) throw new Error(`national control ${path} answered ${reply.status}`);
    return (await reply.json()) as T;
  };
  return {
    rows: (entity) => get<RowView[]>(`/rows?entity=${entity}`),
    violations: () => get<Violation[]>('/violations'),
    requestCount: async () => Number((await get<JsonObject>('/totals')).requests),
  };
}

export function viewOf(national: NationalSide | NationalView): NationalView {
  return national instanceof NationalSide ? localView(national) : national;
}
