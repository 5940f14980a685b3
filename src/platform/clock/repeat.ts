import { setTimeout as sleep } from 'node:timers/promises';

export interface Repeating {
  /** Resolves when the turn that is running has ended; no other begins. */
  stop(): Promise<void>;
}

export interface RepeatOptions {
  /** Pause after a turn that found nothing more to do; after any other the next begins at once. */
  readonly idleMs: number;
  /** A failed turn is made up by the next one, after this pause. */
  readonly failureMs: number;
  readonly onFailure: (error: unknown) => void;
}

/** Runs `turn` again and again until stopped; it answers whether there may be more to do. */
export function repeat(turn: () => Promise<boolean>, options: RepeatOptions): Repeating {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        if (!(await turn())) await pause(options.idleMs);
      } catch (error) {
        options.onFailure(error);
        await pause(options.failureMs);
      }
    }
  };
  const ended = run();
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}
