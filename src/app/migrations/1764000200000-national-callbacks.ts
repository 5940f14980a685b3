import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Nonces and event ids of national callbacks: single use, across processes and restarts (§1.16 G5, F52). */
const UP = `
CREATE TABLE national_callback (
  nonce text PRIMARY KEY,
  event_id text NOT NULL,
  type text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX national_callback_expiry ON national_callback (expires_at);
CREATE INDEX national_call_batch ON national_call (batch_no) WHERE stage = 'receipt';
`;

export class NationalCallbacks1764000200000 implements MigrationInterface {
  name = 'NationalCallbacks1764000200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX national_call_batch');
    await runner.query('DROP TABLE national_callback');
  }
}
