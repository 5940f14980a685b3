import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator, type Program } from '../harness/processes.js';
import type { NationalView, RowView } from '../independent/national-view.js';
import type { NationalDoor } from './deployment.js';

const DOOR = {
  appKey: 'vgw-demo-530000',
  secret: 'vgw-demo-secret-0001',
  fieldKey: '0123456789abcdeffedcba9876543210',
};

/** Our own simulator as a process, and the judge's view of its ledger. */
export interface SimulatedNation {
  readonly door: NationalDoor;
  readonly view: NationalView;
  readonly program: Program;
  control<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T>;
  close(): Promise<void>;
}

export async function simulateNation(overrides: object): Promise<SimulatedNation> {
  const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-nation-'));
  const program = await startSimulator({
    SIM_DIR: folder,
    SIM_SETTING: 'demo',
    SIM_SEED: '5334',
    SIM_OVERRIDES: JSON.stringify(overrides),
  });
  const control = async <T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> => {
    const url = `http://127.0.0.1:${program.ready.controlPort}/sim/${path}`;
    const reply = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!reply.ok) throw new Error(`/sim/${path} answered ${reply.status}: ${await reply.text()}`);
    return (await reply.json()) as T;
  };
  return {
    program,
    control,
    door: { baseUrl: `http://127.0.0.1:${program.ready.port}`, ...DOOR },
    view: {
      rows: async (entity) => (await control<{ rows: RowView[] }>('GET', `ledger?entity=${entity}`)).rows,
      // The simulator judges calls, not the caller's manners; the independent side does that.
      violations: () => Promise.resolve([]),
      requestCount: async () => Number((await control<{ requests?: number }>('GET', 'journal')).requests ?? 0),
    },
    close: async () => {
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
