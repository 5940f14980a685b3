import { Client } from 'pg';
import { say } from './figures.js';

/** A gate that is closed for ten seconds or longer makes what is due `waiting`; shorter ones only hold it back. */
const CLOSED_SECONDS = 8;
const RENEW_EVERY_MS = 1_000;

/** Holds deliveries back while a leg is prepared, with a gate that is closed anew each second; both processes run on. */
export class HeldGate {
  private timer: NodeJS.Timeout | undefined;
  private renewal: Promise<void> = Promise.resolve();

  private constructor(private readonly client: Client) {}

  /** A connection of its own: a gate must not wait behind what is measured. */
  static async on(databaseUrl: string): Promise<HeldGate> {
    const client = new Client({ connectionString: databaseUrl, application_name: 'zhiqiao-bench-gate' });
    await client.connect();
    return new HeldGate(client);
  }

  async shut(): Promise<void> {
    await this.renew();
    this.timer ??= setInterval(() => {
      this.renewal = this.renewal.then(() => this.renew()).catch(() => say('the gate could not be held shut'));
    }, RENEW_EVERY_MS);
  }

  async open(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.renewal;
    await this.client.query(`DELETE FROM national_gate WHERE scope = 'writes'`);
  }

  private async renew(): Promise<void> {
    await this.client.query(
      `INSERT INTO national_gate (scope, closed_until, code, reason)
       VALUES ('writes', now() + make_interval(secs => $1), 'BENCH', 'benchmark')
       ON CONFLICT (scope) DO UPDATE SET closed_until = excluded.closed_until`,
      [CLOSED_SECONDS],
    );
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.renewal;
    await this.client.end();
  }
}
