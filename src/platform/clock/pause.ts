import { setTimeout as sleep } from 'node:timers/promises';

/** Waits so many milliseconds; a port, so that a simulation passes the time instead. */
export type Pause = (ms: number) => Promise<void>;

export const systemPause: Pause = async (ms) => {
  await sleep(ms);
};
