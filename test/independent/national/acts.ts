/** What other channels do to national rows (§2.2 B8–B10, F17, F45, F47, F48, F51). */
import type { JsonObject } from '../canonical.js';
import type { Ledger } from './ledger.js';
import type { Entity, Row } from './model.js';
import type { Reviews } from './reviews.js';

export class Acts {
  constructor(
    private readonly ledger: Ledger,
    private readonly reviews: Reviews,
  ) {}

  /** A row that another channel registered; `data` is plain text. */
  addForeign(entity: Entity, data: JsonObject): Row {
    const at = this.ledger.now();
    const row = this.ledger.create(entity, null, at, 'portal');
    if (entity === 'volunteers') row.realNameStatus = 'PASSED';
    this.ledger.commit(row, { version: 1, data }, { type: 'UPSERTED', origin: 'portal', at });
    return row;
  }

  /** B12: a national edit changes contentHash and updatedAt, never version. */
  edit(row: Row, patch: JsonObject): void {
    const at = this.ledger.now();
    this.ledger.commit(row, { data: { ...row.data, ...patch } }, { type: 'UPSERTED', origin: 'portal', at });
  }

  remove(row: Row): void {
    this.ledger.commit(row, { status: 'DELETED' }, { type: 'DELETED', origin: 'admin', at: this.ledger.now() });
  }

  /** B11: `row` is merged into `survivor`. */
  merge(row: Row, survivor: Row): void {
    const at = this.ledger.now();
    const change = { status: 'MERGED' as const, mergedTo: survivor.nationalId };
    this.ledger.commit(row, change, { type: 'MERGED', origin: 'admin', at });
    if (row.entity === 'volunteers') this.ledger.movePerson(row.nationalId, survivor.nationalId);
  }

  revokeCertificate(row: Row): void {
    this.reviews.revoke(row, this.ledger.now());
  }
}
