import type { Pool } from 'pg';
import type { Clock } from '../../src/platform/clock/index.js';

/**
 * Time that passes only when the model says so, for the database and for the process alike.
 *
 * A schema `model` in front of `pg_catalog` gives every statement of the adapter another `now()`; column defaults are
 * pointed there too. The statements themselves are the shipped ones, and days pass in no time.
 */
export const SEARCH_PATH = '-c search_path=model,pg_catalog,public';

const INSTALL = `
CREATE SCHEMA model;
CREATE TABLE model.clock (at timestamptz NOT NULL);
INSERT INTO model.clock VALUES (pg_catalog.now());
CREATE FUNCTION model.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM model.clock';
CREATE FUNCTION model.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM model.clock';
DO $$
DECLARE
  d record;
BEGIN
  FOR d IN SELECT c.relname, a.attname FROM pg_attrdef f JOIN pg_class c ON c.oid = f.adrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
      JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
      WHERE pg_get_expr(f.adbin, f.adrelid) IN ('now()', 'pg_catalog.now()') LOOP
    EXECUTE format('ALTER TABLE public.%I ALTER COLUMN %I SET DEFAULT model.now()', d.relname, d.attname);
  END LOOP;
END $$`;

export class VirtualTime implements Clock {
  private at = 0;

  constructor(private readonly pool: Pool) {}

  async install(): Promise<void> {
    await this.pool.query(INSTALL);
  }

  nowMs(): number {
    return this.at;
  }

  async set(ms: number): Promise<void> {
    this.at = ms;
    await this.pool.query(`UPDATE model.clock SET at = to_timestamp($1::float8 / 1000)`, [ms]);
  }

  async pass(ms: number): Promise<void> {
    await this.set(this.at + ms);
  }
}
