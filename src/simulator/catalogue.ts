// The fault catalogue of §2.3 by name: F01–F63, each with what the control port can do about it.
import { callFaults } from './catalogue-calls.js';
import { actFaults } from './catalogue-acts.js';
import { stateFaults } from './catalogue-states.js';
import { writeFaults } from './catalogue-writes.js';
import type { CatalogueEntry } from './catalogue-entry.js';

/** Not the simulator's to do: the reason stands where the script would. */
const adapterFaults: Readonly<Record<string, CatalogueEntry>> = {
  F49: {
    title: 'a record corrected locally after success',
    kind: 'adapter',
    params: {},
    why: 'the station changes its own record; the simulator only answers CORRECT, VOID and the new row by the rules',
  },
  F61: {
    title: 'the adapter killed at any step, Redis lost, database failover',
    kind: 'adapter',
    params: {},
    why: 'a fault of our own processes and stores; the nation sees a connection that ends or a call that never comes',
  },
  F62: {
    title: 'two adapter instances, or the same job twice',
    kind: 'adapter',
    params: {},
    why: 'the nation only sees the same number twice, which is F14, and counts it as a blind resend (GET counters)',
  },
};

export const CATALOGUE: Readonly<Record<string, CatalogueEntry>> = Object.fromEntries(
  Object.entries({ ...callFaults, ...writeFaults, ...stateFaults, ...actFaults, ...adapterFaults }).sort(([a], [b]) =>
    a.localeCompare(b),
  ),
);
