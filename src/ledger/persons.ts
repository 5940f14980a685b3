import type { Tx } from '../platform/database/index.js';
import type { Vault } from '../platform/vault/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { RecordData } from '../records/index.js';

/**
 * One human being, whatever number of volunteer records name him or her (G-49). A person owns the national number
 * and the version counter that all bound records share. Persons are found by blind index, never by plain numbers.
 */
export interface PersonRow {
  biz_no: string;
  id_index: string;
  name_index: string;
  version: number;
  isNew: boolean;
  isChanged: boolean;
}

export interface PersonKey {
  /** hex blind index of idType and idNo. */
  readonly idIndex: string;
  /** hex blind index of the normalised name. */
  readonly nameIndex: string;
}

/** Spaces and the several middle dots of typed names make no other person. */
function normalisedName(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/\s+/gu, '')
    .replace(/[·•・‧∙⋅．]/gu, '·')
    .toUpperCase();
}

export function personKey(vault: Vault, data: RecordData): PersonKey {
  const number = `${String(data.idType)}|${String(data.idNo).toUpperCase()}`;
  return {
    idIndex: vault.blindIndex('person-id', number).toString('hex'),
    nameIndex: vault.blindIndex('person-name', normalisedName(String(data.name))).toString('hex'),
  };
}

interface StoredPerson extends Record<string, unknown> {
  biz_no: string;
  id_index: string;
  name_index: string;
  version: number;
}

const COLUMNS = `biz_no, encode(id_index, 'hex') AS id_index, encode(name_index, 'hex') AS name_index, version`;

/** Locks every person that the batch's volunteers name, by ID number or by the number they already have. */
export async function lockPersons(
  tx: Tx,
  idIndexes: readonly string[],
  bizNos: readonly string[],
): Promise<PersonRow[]> {
  const rows = await tx.query<StoredPerson>(
    `SELECT ${COLUMNS} FROM person
     WHERE id_index = ANY (SELECT decode(i, 'hex') FROM unnest($1::text[]) AS i) OR biz_no = ANY ($2::text[])
     ORDER BY biz_no FOR UPDATE`,
    [idIndexes, bizNos],
    'ledger-lock-persons',
  );
  return rows.map((row) => ({ ...row, isNew: false, isChanged: false }));
}

/** Returns how many were inserted: fewer than given means that another call registered one of them first. */
export async function insertPersons(tx: Tx, persons: readonly PersonRow[]): Promise<number> {
  if (persons.length === 0) return 0;
  const rows = await tx.query(
    `INSERT INTO person (biz_no, id_index, name_index, version)
     SELECT p.biz_no, decode(p.id_index, 'hex'), decode(p.name_index, 'hex'), p.version
     FROM jsonb_to_recordset($1::jsonb) AS p(biz_no text, id_index text, name_index text, version int)
     ORDER BY p.id_index ON CONFLICT DO NOTHING RETURNING biz_no`,
    [JSON.stringify(persons)],
    'ledger-insert-persons',
  );
  return rows.length;
}

export async function updatePersons(tx: Tx, persons: readonly PersonRow[]): Promise<void> {
  if (persons.length === 0) return;
  await tx.query(
    `UPDATE person t SET id_index = decode(p.id_index, 'hex'), name_index = decode(p.name_index, 'hex'),
       version = p.version
     FROM jsonb_to_recordset($1::jsonb) AS p(biz_no text, id_index text, name_index text, version int)
     WHERE t.biz_no = p.biz_no`,
    [JSON.stringify(persons)],
    'ledger-update-persons',
  );
}

export async function insertBindings(
  tx: Tx,
  ids: Ids,
  bindings: readonly { personBizNo: string; recordId: string }[],
): Promise<void> {
  if (bindings.length === 0) return;
  await tx.query(
    `INSERT INTO person_binding (id, person_biz_no, record_id, action)
     SELECT b.id, b.person, b.record, 'bound' FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS b(id, person, record)`,
    [bindings.map(() => ids.uuid()), bindings.map((b) => b.personBizNo), bindings.map((b) => b.recordId)],
    'ledger-insert-bindings',
  );
}

/** The persons of one batch: finds, makes and counts them in memory, then writes what changed. */
export class PersonBook {
  private readonly byIdIndex = new Map<string, PersonRow>();
  private readonly byBizNo = new Map<string, PersonRow>();

  constructor(rows: readonly PersonRow[]) {
    for (const row of rows) this.put(row);
  }

  private put(row: PersonRow): void {
    this.byIdIndex.set(row.id_index, row);
    this.byBizNo.set(row.biz_no, row);
  }

  ofBizNo(bizNo: string): PersonRow | undefined {
    return this.byBizNo.get(bizNo);
  }

  ofId(idIndex: string): PersonRow | undefined {
    return this.byIdIndex.get(idIndex);
  }

  add(bizNo: string, key: PersonKey): PersonRow {
    const row = {
      biz_no: bizNo,
      id_index: key.idIndex,
      name_index: key.nameIndex,
      version: 0,
      isNew: true,
      isChanged: true,
    };
    this.put(row);
    return row;
  }

  /** A corrected number or name of the only record of this person. */
  correct(person: PersonRow, key: PersonKey): void {
    this.byIdIndex.delete(person.id_index);
    Object.assign(person, { id_index: key.idIndex, name_index: key.nameIndex, isChanged: true });
    this.put(person);
  }

  nextVersion(person: PersonRow, atLeast: number): number {
    person.version = Math.max(person.version, atLeast) + 1;
    person.isChanged = true;
    return person.version;
  }

  /** False when another call made one of the new persons first: run the batch again. */
  async save(tx: Tx): Promise<boolean> {
    const changed = [...this.byBizNo.values()].filter((row) => row.isChanged);
    const fresh = changed.filter((row) => row.isNew);
    if ((await insertPersons(tx, fresh)) < fresh.length) return false;
    await updatePersons(
      tx,
      changed.filter((row) => !row.isNew),
    );
    return true;
  }
}
