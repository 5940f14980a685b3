// Owns: the reading of this machine's clock.
// Promises: the one place where Date.now() is called, so that tests can hold time still.
// Never: decides when work is due; due times are the database's (house 2.9).
// Start at: Clock.
export interface Clock {
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };
