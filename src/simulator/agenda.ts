// What the nation will do later by the virtual clock: reviews, receipts, late commits, callback retries.
import type { Clock } from './clock.js';

interface Task {
  dueMs: number;
  order: number;
  run: () => void;
}

export interface Agenda {
  at(dueMs: number, run: () => void): void;
  clear(): void;
  size(): number;
}

const MAX_TIMER_MS = 60_000;
const before = (a: Task, b: Task): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

/** Binary heap ordered by due time, then by insertion. */
class TaskHeap {
  private readonly tasks: Task[] = [];

  get size(): number {
    return this.tasks.length;
  }

  peek(): Task | undefined {
    return this.tasks[0];
  }

  clear(): void {
    this.tasks.length = 0;
  }

  push(task: Task): void {
    let at = this.tasks.push(task) - 1;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.tasks[parentAt] as Task;
      if (!before(task, parent)) break;
      this.tasks[at] = parent;
      at = parentAt;
    }
    this.tasks[at] = task;
  }

  pop(): Task | undefined {
    const top = this.tasks[0];
    const last = this.tasks.pop();
    if (top === undefined || last === undefined || this.tasks.length === 0) return top;
    let at = 0;
    for (;;) {
      const child = this.smallerChild(at);
      if (child === null || !before(child.task, last)) break;
      this.tasks[at] = child.task;
      at = child.at;
    }
    this.tasks[at] = last;
    return top;
  }

  private smallerChild(at: number): { task: Task; at: number } | null {
    const leftAt = 2 * at + 1;
    const left = this.tasks[leftAt];
    const right = this.tasks[leftAt + 1];
    if (left === undefined) return null;
    if (right !== undefined && before(right, left)) return { task: right, at: leftAt + 1 };
    return { task: left, at: leftAt };
  }
}

export function createAgenda(clock: Clock, settled: () => void): Agenda {
  const heap = new TaskHeap();
  let order = 0;
  let timer: NodeJS.Timeout | undefined;

  const arm = (): void => {
    clearTimeout(timer);
    const next = heap.peek();
    if (next === undefined) return;
    timer = setTimeout(runDue, Math.min(MAX_TIMER_MS, Math.max(0, next.dueMs - clock.now())));
    timer.unref();
  };
  const runDue = (): void => {
    for (let next = heap.peek(); next !== undefined && next.dueMs <= clock.now(); next = heap.peek()) {
      heap.pop();
      next.run();
    }
    settled();
    arm();
  };
  clock.onShift(runDue);
  return {
    at(dueMs, run) {
      heap.push({ dueMs, order: order++, run });
      if (heap.peek()?.run === run) arm();
    },
    clear() {
      heap.clear();
      clearTimeout(timer);
    },
    size: () => heap.size,
  };
}
