// The Beijing day of a row by one of its date or date-time fields (§1.16 F2). All wire instants are +08:00.
import type { RowState } from './model.js';

export function dayOf(state: RowState, field: string): string | null {
  const value = state.data[field];
  return typeof value === 'string' ? value.slice(0, 10) : null;
}
