/** The write path: idempotency table (§1.5, B1–B21) and rule order (B7); endpoints 5 and 6 both end here. */
import { nationalContentHash, type Json, type JsonObject } from '../canonical.js';
import { checkData, fault } from './fields.js';
import { parseItem } from './items.js';
import type { Ledger } from './ledger.js';
import { naturalKeyOf } from './ledger.js';
import { fail, fieldFail, ok, type Entity, type Outcome, type Row, type RowState, type WriteItem } from './model.js';
import { Reviews } from './reviews.js';
import {
  areaFault,
  childrenFault,
  coverFault,
  dictionaryFault,
  entityFault,
  naturalKeyFault,
  referenceFault,
  type Judged,
} from './rules.js';

interface Plan {
  entity: Entity;
  item: WriteItem;
  plain: JsonObject;
  hash: string;
  at: number;
}

export class Writes {
  constructor(
    private readonly ledger: Ledger,
    private readonly reviews: Reviews,
  ) {}

  /** One item: judged alone, in the order of B7, and committed when it passes. */
  write(entity: Entity, raw: Json | undefined, at: number): Outcome {
    const parsed = parseItem(raw);
    if (parsed.item === null) return fieldFail(parsed.faults);
    const item = parsed.item;
    if (item.op === 'VOID') return this.voidRow(entity, item, at);
    const checked = checkData(entity, item.data, { fieldKey: this.ledger.settings.fieldKey, now: at });
    if (checked.faults.length > 0) return fieldFail(checked.faults);
    if (checked.undecipherable) return fail('1010', '加密字段无法解密');
    const plan: Plan = { entity, item, plain: checked.plain, hash: nationalContentHash(checked.plain), at };
    return this.upsert(plan);
  }

  private upsert(plan: Plan): Outcome {
    const own = this.ledger.own(plan.entity, plan.item.bizNo);
    if (own?.status === 'MERGED') return this.moveNumber(plan, own);
    if (own !== undefined) {
      const stored = this.table(plan, own);
      if (stored !== null) return stored;
    }
    const target = this.linkTarget(plan, own);
    if ('code' in target) return target;
    const refused = this.refused(plan, own ?? target.row);
    if (refused !== null) return refused;
    return this.store(plan, own, target.row);
  }

  /** Rows of the §1.5 table for a number that is stored (B3, B4); null lets the write go on. */
  private table(plan: Plan, own: Row): Outcome | null {
    const { item, hash } = plan;
    if (own.version > item.version) return fail('2003', '版本低于已存版本', storedDetail(own));
    if (own.version === item.version) {
      if (own.status === 'ACTIVE' && own.contentHash === hash) return fail('2001', '重复提交', storedDetail(own));
      return fail('2002', '同号不同内容', { ...storedDetail(own), storedHash: own.contentHash });
    }
    if (own.status !== 'ACTIVE' && !item.reopen) return fail('2013', '国家记录已撤销', storedDetail(own));
    return null;
  }

  /** B9: linkTo works only on an ACTIVE row of the same entity and natural key without a number of ours. */
  private linkTarget(plan: Plan, own: Row | undefined): { row: Row | undefined } | Outcome {
    const linkTo = plan.item.linkTo;
    if (linkTo === null || (own !== undefined && own.nationalId === linkTo)) return { row: undefined };
    const target = this.ledger.byId(linkTo);
    const bad = (): Outcome => fieldFail([fault('linkTo', 'target')]);
    if (own !== undefined || target === undefined || target.entity !== plan.entity) return bad();
    if (target.status === 'MERGED') {
      return fail('2012', '编号已合并', { nationalId: target.nationalId, mergedTo: target.mergedTo });
    }
    if (target.status !== 'ACTIVE') return fail('2013', '国家记录已撤销', storedDetail(target));
    const key = naturalKeyOf(this.ledger, plan.entity, plan.plain);
    if (key === null || key !== target.naturalKey) return bad();
    if (target.bizNo !== null) return fail('2002', '国家记录已有编号', storedDetail(target));
    return { row: target };
  }

  /** B7 after linkTo: 2202 → 2204 → references → natural key → 2203 → cover → entity rules. */
  private refused(plan: Plan, row: Row | undefined): Outcome | null {
    const judged: Judged = { ledger: this.ledger, entity: plan.entity, data: plan.plain, row, at: plan.at };
    return (
      dictionaryFault(judged) ??
      areaFault(judged) ??
      referenceFault(judged) ??
      naturalKeyFault(judged) ??
      nameFault(plan, row) ??
      coverFault(this.ledger, row) ??
      entityFault(judged)
    );
  }

  private store(plan: Plan, own: Row | undefined, linked: Row | undefined): Outcome {
    const { item, at, entity } = plan;
    const known = own ?? linked;
    const previous = known?.version ?? 0;
    const restored = own !== undefined && own.status !== 'ACTIVE';
    const row = known ?? this.ledger.create(entity, item.bizNo, at, 'self');
    if (linked !== undefined) this.ledger.bind(row, item.bizNo);
    const change: Partial<RowState> = { version: item.version, data: plan.plain, status: 'ACTIVE' };
    if (linked === undefined) this.reviews.open(row, plan.plain, known === undefined, change);
    this.ledger.commit(row, change, { type: restored ? 'RESTORED' : 'UPSERTED', origin: 'self', at });
    const outcome = linked !== undefined ? 'LINKED' : known === undefined ? 'CREATED' : 'UPDATED';
    const data = this.reply(row, outcome);
    if (outcome === 'UPDATED') data.previousVersion = previous;
    if (entity !== 'certificate-requests') {
      this.reviews.schedule(row, at);
      return ok(data);
    }
    this.reviews.accept(row, at);
    const pollAfterMs = this.ledger.settings.certificatePollAfterMs;
    return { code: '0100', message: '已受理', data: { ...data, status: 'ACCEPTED', pollAfterMs } };
  }

  /** B11: a merged number answers 2012 until an UPSERT with linkTo = mergedTo moves it to the survivor. */
  private moveNumber(plan: Plan, own: Row): Outcome {
    const survivor = this.ledger.follow(own);
    const refusal = fail('2012', '编号已合并', { nationalId: own.nationalId, mergedTo: own.mergedTo });
    if (plan.item.linkTo === null || plan.item.linkTo !== own.mergedTo) return refusal;
    if (survivor.bizNo !== null || survivor.status !== 'ACTIVE') return refusal;
    const refused = this.refused(plan, survivor);
    if (refused !== null) return refused;
    own.bizNo = null;
    return this.store(plan, undefined, survivor);
  }

  private voidRow(entity: Entity, item: WriteItem, at: number): Outcome {
    const own = this.ledger.own(entity, item.bizNo);
    // B1: VOID of an unknown number is 2101 naming the item itself.
    if (own === undefined) {
      return fail('2101', '记录不存在', { missing: [{ entity, bizNo: item.bizNo }] });
    }
    if (own.status === 'MERGED') {
      return fail('2012', '编号已合并', { nationalId: own.nationalId, mergedTo: own.mergedTo });
    }
    if (own.status !== 'ACTIVE') return fail('2001', '重复提交', storedDetail(own));
    if (own.version > item.version) return fail('2003', '版本低于已存版本', storedDetail(own));
    if (own.version === item.version) {
      return fail('2002', '同号不同内容', { ...storedDetail(own), storedHash: own.contentHash });
    }
    const refused = coverFault(this.ledger, own) ?? childrenFault(this.ledger, own);
    if (refused !== null) return refused;
    const previous = own.version;
    // B4: VOID keeps the contentHash of the last data.
    this.ledger.commit(own, { version: item.version, status: 'VOIDED' }, { type: 'VOIDED', origin: 'self', at });
    this.reviews.cancel(own);
    return ok({ ...this.reply(own, 'VOIDED'), previousVersion: previous });
  }

  private reply(row: Row, outcome: string): JsonObject {
    const data: JsonObject = {
      bizNo: row.bizNo,
      version: row.version,
      outcome,
      nationalId: row.nationalId,
      auditStatus: row.auditStatus,
    };
    if (row.entity === 'volunteers') {
      data.volunteerNo = row.volunteerNo;
      data.realNameStatus = row.realNameStatus;
    }
    return data;
  }
}

/** A10: detail of 2001, 2002, 2003 and 2013. */
function storedDetail(row: Row): JsonObject {
  return { nationalId: row.nationalId, storedVersion: row.version };
}

/** 2203 (B9, C14): another name on a volunteer that is linked. */
function nameFault(plan: Plan, row: Row | undefined): Outcome | null {
  if (plan.entity !== 'volunteers' || plan.item.linkTo === null || row === undefined) return null;
  if (row.data.name === undefined) return null;
  const same = String(row.data.name).normalize('NFC') === String(plan.plain.name).normalize('NFC');
  return same ? null : fail('2203', '姓名与证件不一致');
}
