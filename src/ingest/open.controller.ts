import { Controller, Get, Inject } from '@nestjs/common';
import { CodedError } from '../platform/errors/index.js';
import type { Queryable } from '../platform/database/index.js';
import { DATABASE, VAULT } from '../platform/tokens.js';
import type { Vault } from '../platform/vault/index.js';

/** The newest thing that our migrations make; without it the schema is not ours yet. */
const MIGRATED = `SELECT to_regprocedure('admit_request(uuid,uuid,integer,integer,integer)') IS NOT NULL AS migrated`;
const RETRY_AFTER_SECS = 2;

/** What needs no credentials: our public keys and our health. */
@Controller()
export class OpenController {
  constructor(
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(DATABASE) private readonly database: Queryable,
  ) {}

  /** Keys that receipts verify with, retired ones too (G-24). */
  @Get('api/v1/keys')
  keys(): object {
    const keys = this.vault.receiptKeys.map(({ id, publicKey, notBefore, notAfter }) => ({
      keyId: id,
      alg: 'Ed25519',
      publicKey: publicKey.toString('base64'),
      notBefore,
      notAfter,
    }));
    return { keys };
  }

  @Get('health/live')
  live(): object {
    return { status: 'ok' };
  }

  /** Migrated and able to accept, whatever the national side does (G-80). */
  @Get('health/ready')
  async ready(): Promise<object> {
    const [row] = await this.database.query<{ migrated: boolean }>(MIGRATED, [], 'health-ready');
    if (row?.migrated !== true) throw new CodedError('UNAVAILABLE', { retryAfterSecs: RETRY_AFTER_SECS });
    return { status: 'ok' };
  }
}
