import { appendEvidence } from '../../evidence/index.js';
import type { Database, Tx } from '../../platform/database/index.js';
import { CodedError } from '../../platform/errors/index.js';
import type { Ids } from '../../platform/ids/index.js';
import { hashSecret, isSecretOf, newSecret, parseBearer } from '../credentials.js';

/** Who acts, and on what: everything is bound to records whose county begins with `scope`. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  /** Region prefix of 2, 4 or 6 digits: `5334`, `533401`. */
  readonly scope: string;
}

/** How the act came in; part of its evidence. */
export type Via = 'api' | 'cli';

export interface NewAdministrator {
  readonly name: string;
  readonly scope: string;
}

/** Shown once; afterwards only the hash of the token exists. */
export interface ShownAdministrator extends Actor {
  readonly token: string;
}

export interface ListedAdministrator extends Actor {
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

/** Rows that the migration makes: what happens by itself, and whoever has the shell of the server. */
export const SYSTEM_ACTOR_ID = '00000000-0000-7000-8000-000000000001';
export const CLI_ACTOR_ID = '00000000-0000-7000-8000-000000000002';

const TOKEN_PREFIX = 'adm_';

const tokenName = (id: string): string => `${TOKEN_PREFIX}${id.replaceAll('-', '')}`;

function idOf(name: string): string | null {
  const hex = name.startsWith(TOKEN_PREFIX) ? name.slice(TOKEN_PREFIX.length) : '';
  if (!/^[0-9a-f]{32}$/.test(hex)) return null;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * Administrators and their tokens. Accounts of the console will stand in the same table; what they did stays theirs.
 *
 * Promise  a revoked token is refused by the next call: nothing is cached; every act is a leaf (I23)
 */
export class Administrators {
  constructor(
    private readonly database: Database,
    private readonly ids: Ids,
  ) {}

  async create(wanted: NewAdministrator): Promise<ShownAdministrator> {
    const id = this.ids.uuid();
    const secret = newSecret();
    await this.database.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO actor (id, kind, name, scope, token_hash, created_by)
         VALUES ($1, 'administrator', $2, $3, $4, $5)`,
        [id, wanted.name, wanted.scope, hashSecret(secret), CLI_ACTOR_ID],
        'access-create-administrator',
      );
      await prove(tx, { action: 'administrator.created', administrator: id, scope: wanted.scope });
    });
    return { id, name: wanted.name, scope: wanted.scope, token: `${tokenName(id)}.${secret}` };
  }

  async list(): Promise<ListedAdministrator[]> {
    const rows = await this.database.query<{
      id: string;
      name: string;
      scope: string;
      created: Date;
      gone: Date | null;
    }>(
      `SELECT id, name, scope, created_at AS created, revoked_at AS gone FROM actor WHERE kind = 'administrator'
       ORDER BY created_at, id`,
      [],
      'access-list-administrators',
    );
    return rows.map(({ id, name, scope, created, gone }) => ({
      id, name, scope, createdAt: created.toISOString(), revokedAt: gone?.toISOString() ?? null,
    })); // prettier-ignore
  }

  /** At once and for ever; throws ADMIN_UNKNOWN. */
  async revoke(id: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const rows = await tx.query(
        `UPDATE actor SET revoked_at = now() WHERE id::text = $1 AND kind = 'administrator' AND revoked_at IS NULL
         RETURNING id`,
        [id],
        'access-revoke-administrator',
      );
      if (rows.length === 0) throw new CodedError('ADMIN_UNKNOWN');
      await prove(tx, { action: 'administrator.revoked', administrator: id });
    });
  }

  /** The living administrator of this id, for the shell's `--as`; throws ADMIN_UNKNOWN. */
  async named(id: string): Promise<Actor> {
    const [row] = await this.database.query<Actor & Record<string, unknown>>(
      `SELECT id, name, scope FROM actor WHERE id::text = $1 AND kind = 'administrator' AND revoked_at IS NULL`,
      [id],
      'access-named-administrator',
    );
    if (!row) throw new CodedError('ADMIN_UNKNOWN');
    return row;
  }

  /** Whose token an `Authorization` header holds; null = nobody's. */
  async ofHeader(authorization: string | undefined): Promise<Actor | null> {
    const credentials = parseBearer(authorization ?? '');
    const id = credentials && idOf(credentials.appKey);
    if (!id) return null;
    const [row] = await this.database.query<Actor & { token_hash: Buffer | null } & Record<string, unknown>>(
      `SELECT id, name, scope, token_hash FROM actor WHERE id = $1 AND kind = 'administrator' AND revoked_at IS NULL`,
      [id],
      'access-find-administrator',
    );
    if (!row?.token_hash || !isSecretOf(credentials.secret, row.token_hash)) return null;
    return { id: row.id, name: row.name, scope: row.scope };
  }
}

/** Names stay out of the log; ids lead to them. */
async function prove(tx: Tx, act: Readonly<Record<string, string>>): Promise<void> {
  await appendEvidence(tx, [{ kind: 'admin.action', actor: CLI_ACTOR_ID, via: 'cli', ...act }]);
}
