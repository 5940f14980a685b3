/**
 * What may happen at a port: nothing reaches the other side, it acts and the answer is lost, it answers late, or we die
 * before or after. Which of them happens at which call is part of the scenario, so that it can be replayed and shrunk.
 */
export const FAULT_KINDS = [
  /** Fails before anything is applied. */
  'refuse',
  /** Applied; the answer is lost. */
  'lose',
  /** Not applied; nobody can tell, since the answer (or the reply to COMMIT) is lost. */
  'vanish',
  /** Towards the nation: applied only after the answer was given up. In the database: met a deadlock, runs again. */
  'late',
  'crash-before',
  'crash-after',
  /** The caller stands still at this call until the scenario lets it go on; others work meanwhile. */
  'hold',
  'freeze',
] as const;

/** Stands still between the write-down and the first byte: the request leaves long after everybody gave it up. */
export const FROZEN = 'freeze';

export type FaultKind = (typeof FAULT_KINDS)[number];

export const PORTS = ['statement', 'transaction', 'write', 'lookup', 'receipt', 'status', 'ring'] as const;

export type Port = (typeof PORTS)[number];

export interface Fault {
  readonly port: Port;
  /** Calls of that port in the step that pass before it strikes. */
  readonly at: number;
  readonly kind: FaultKind;
  /** For `late`: how late. */
  readonly ms: number;
}

/** The process died here; whatever it was doing unwinds. */
export class Crash extends Error {
  override name = 'Crash';
}

interface Held {
  readonly owner: Task;
  resume(): void;
  kill(crash: Crash): void;
}

/** A step in hand; it may stand still while others run, but no two ever run at the same time. */
export interface Task {
  done: Promise<void>;
  isOver: boolean;
}

/** The faults of one life of the adapter. */
export class PortFaults {
  private faults: readonly Fault[] = [];
  private readonly calls = new Map<Port, number>();
  private mayHold = false;
  private running: Task | null = null;
  private isDead = false;
  private readonly held: Held[] = [];
  private onHeld: () => void = () => undefined;
  private readonly injected = new WeakSet();

  constructor(private readonly fired: Map<string, number>) {}

  /** Begins a step with the faults that will strike in it. */
  arm(task: Task | null, faults: readonly Fault[], options: { mayHold: boolean }): void {
    this.running = task;
    this.faults = faults;
    this.calls.clear();
    this.mayHold = options.mayHold;
  }

  /** What strikes at this call, counted per port; a process that is dead makes no call. */
  next(port: Port): Fault | null {
    if (this.isDead) throw this.mark(new Crash('dead'));
    const at = this.calls.get(port) ?? 0;
    this.calls.set(port, at + 1);
    const fault = this.faults.find((one) => one.port === port && one.at === at) ?? null;
    if (fault === null || (fault.kind === 'hold' && !this.mayHold)) return null;
    const name = `${port} ${fault.kind}`;
    this.fired.set(name, (this.fired.get(name) ?? 0) + 1);
    return fault;
  }

  /** Errors that we threw ourselves; any other that comes out of a step is a bug. */
  mark<E extends Error>(error: E): E {
    this.injected.add(error);
    return error;
  }

  isInjected(error: unknown): boolean {
    if (!(error instanceof Error)) return false;
    return this.injected.has(error) || this.isInjected(error.cause);
  }

  /** Dies here: every later call of this life fails likewise. */
  crash(): never {
    throw this.die();
  }

  die(): Crash {
    this.isDead = true;
    const crash = this.mark(new Crash('killed'));
    for (const one of this.held.splice(0)) one.kill(crash);
    return crash;
  }

  get isAlive(): boolean {
    return !this.isDead;
  }

  get heldCalls(): number {
    return this.held.length;
  }

  async hold(): Promise<void> {
    if (this.running === null) return;
    await new Promise<void>((resume, kill) => {
      this.held.push({ owner: this.running as Task, resume, kill });
      this.onHeld();
    });
    if (this.isDead) throw this.mark(new Crash('dead'));
  }

  /** Lets the n-th held call go on; the task that it belongs to. */
  release(index: number): Task | null {
    const [one] = this.held.splice(index % Math.max(1, this.held.length), 1);
    if (!one) return null;
    this.running = one.owner;
    one.resume();
    return one.owner;
  }

  /** Resolves when the next call is held. */
  nextHeld(): Promise<void> {
    return new Promise((resolve) => (this.onHeld = resolve));
  }
}
