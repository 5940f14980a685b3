import { readdirSync, readFileSync } from 'node:fs';
import { say } from './figures.js';

/** USER_HZ: what /proc counts in, 100 on every Linux. */
const TICKS_PER_SECOND = 100;
const MS_PER_SECOND = 1_000;

/** Fields of /proc/<pid>/stat behind the name, counted from `state`. */
const FIELD = { parent: 1, user: 11, system: 12, childUser: 13, childSystem: 14 } as const;

interface Seen {
  readonly parent: number;
  readonly ownTicks: number;
  readonly childTicks: number;
}

function look(pid: number): Seen | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^\d+ \(.*\) /s, '')
      .split(' ')
      .map(Number);
    const ticks = (a: number, b: number): number => (fields[a] ?? 0) + (fields[b] ?? 0);
    return {
      parent: fields[FIELD.parent] ?? 0,
      ownTicks: ticks(FIELD.user, FIELD.system),
      childTicks: ticks(FIELD.childUser, FIELD.childSystem),
    };
  } catch {
    return null;
  }
}

/** Ticks of a process with its living children and those that it buried: a PostgreSQL with all its backends. */
function ticksOfTree(pid: number): number {
  const own = look(pid);
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => look(Number(name)))
    .filter((seen) => seen?.parent === pid);
  return children.reduce((sum, seen) => sum + (seen?.ownTicks ?? 0), (own?.ownTicks ?? 0) + (own?.childTicks ?? 0));
}

/**
 * Processor time by program: on a machine that is busy with other things the clock says little, this says what a
 * record costs. Linux only; elsewhere nothing is told.
 */
export class CpuMeter {
  private before = new Map<string, number>();

  /** `trees` are counted with their children: a PostgreSQL is nothing but these. */
  constructor(
    private readonly pids: ReadonlyMap<string, number>,
    private readonly trees: ReadonlyMap<string, number>,
  ) {}

  start(): void {
    this.before = this.read();
  }

  /** Tells what a leg of `records` cost since `start`. */
  tell(leg: string, records: number): void {
    const after = this.read();
    const costs = [...after].map(([name, ticks]) => {
      const ms = ((ticks - (this.before.get(name) ?? 0)) * MS_PER_SECOND) / TICKS_PER_SECOND;
      return `${name} ${((ms / records) * 1_000).toFixed(0)}`;
    });
    if (costs.length > 0) say(`         ${leg}, µs of processor a record: ${costs.join(', ')}`);
  }

  private read(): Map<string, number> {
    if (process.platform !== 'linux') return new Map();
    const single = [...this.pids].map(([name, pid]) => [name, look(pid)?.ownTicks ?? 0] as const);
    return new Map([...single, ...[...this.trees].map(([name, pid]) => [name, ticksOfTree(pid)] as const)]);
  }
}
