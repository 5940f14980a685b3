/** Milliseconds since some moment; never set back, unlike a clock. A port, so that a simulation passes the time. */
export type Stopwatch = () => number;

export const systemStopwatch: Stopwatch = () => performance.now();
