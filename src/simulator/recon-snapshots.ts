// Digest snapshots (§1.10, §1.16 F3–F6): rows of one moment, sorted by the hash of their number.
import { randomUUID } from 'node:crypto';
import { byBytes, sha256Hex } from './canonical-form.js';
import type { Clock } from './clock.js';
import { areaOf, type Ledger, type Row } from './ledger.js';
import type { Entity, RowState } from './model.js';
import { dayOf } from './recon-days.js';
import { DAY_FIELDS } from './entity-fields.js';

export interface Scope {
  from?: string;
  to?: string;
  areaCode?: string;
  teamBizNo?: string;
}

export interface SnapshotRow {
  hash: string;
  state: RowState;
}

export interface ReconSnapshot {
  snapshotId: string;
  entity: Entity;
  scope: Scope;
  asOfMs: number;
  rows: SnapshotRow[];
  foreignCount: number;
}

const MIN_KEPT = 16;

export class ReconSnapshots {
  private readonly kept = new Map<string, ReconSnapshot>();

  constructor(
    private readonly clock: Clock,
    private readonly keptMs: () => number,
  ) {}

  get(snapshotId: string): ReconSnapshot | undefined {
    return this.kept.get(snapshotId);
  }

  take(ledger: Ledger, entity: Entity, scope: Scope): ReconSnapshot {
    this.forgetOld();
    const rows: SnapshotRow[] = [];
    let foreignCount = 0;
    for (const row of ledger.rows(entity)) {
      const { status, bizNo } = row.state;
      if ((status !== 'ACTIVE' && status !== 'VOIDED') || !inScope(row.state, scope)) continue;
      if (bizNo === null) foreignCount += 1;
      else rows.push({ hash: hashOf(row, bizNo), state: row.state });
    }
    rows.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
    const snapshot = { snapshotId: `S${randomUUID()}`, entity, scope, asOfMs: this.clock.readAt(), rows, foreignCount };
    this.kept.set(snapshot.snapshotId, snapshot);
    return snapshot;
  }

  clear(): void {
    this.kept.clear();
  }

  /** At least 15 minutes and at least 16 of them. */
  private forgetOld(): void {
    const oldestMs = this.clock.now() - this.keptMs();
    for (const [id, { asOfMs }] of this.kept) {
      if (this.kept.size < MIN_KEPT || asOfMs >= oldestMs) break;
      this.kept.delete(id);
    }
  }
}

function hashOf(row: Row, bizNo: string): string {
  return (row.bizHash ??= sha256Hex(bizNo));
}

function inScope(state: RowState, scope: Scope): boolean {
  if (scope.from !== undefined || scope.to !== undefined) {
    const day = dayOf(state, DAY_FIELDS[state.entity]);
    if (day === null || day < (scope.from ?? '') || day > (scope.to ?? '9999-12-31')) return false;
  }
  if (scope.teamBizNo !== undefined && state.data.teamBizNo !== scope.teamBizNo) return false;
  return scope.areaCode === undefined || (areaOf(state) ?? '').startsWith(areaStem(scope.areaCode));
}

/** Trailing 00 pairs say "everything below" (§1.16 F5). */
export const areaStem = (areaCode: string): string => areaCode.replace(/(?:00)+$/, '');

/** Rows whose hash starts with a prefix, as a slice of the sorted rows. */
export function rowsUnder(rows: readonly SnapshotRow[], prefix: string): SnapshotRow[] {
  const from = lowerBound(rows, prefix);
  return rows.slice(from, lowerBound(rows, `${prefix}g`)); // 'g' sorts after every hex digit
}

function lowerBound(rows: readonly SnapshotRow[], text: string): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.hash ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** 256 children of a prefix, each with the digest of its sorted lines. */
export function bucketsOf(
  rows: readonly SnapshotRow[],
  prefix: string,
): { b: string; count: number; digest: string }[] {
  const lines: string[][] = Array.from({ length: 256 }, () => []);
  for (const { hash, state } of rowsUnder(rows, prefix)) {
    const bucket = Number.parseInt(hash.slice(prefix.length, prefix.length + 2), 16);
    lines[bucket]?.push(`${state.bizNo}|${state.version}|${state.contentHash}|${state.status}\n`);
  }
  return lines.map((bucket, i) => ({
    b: i.toString(16).padStart(2, '0'),
    count: bucket.length,
    digest: sha256Hex(bucket.sort(byBytes).join('')),
  }));
}
