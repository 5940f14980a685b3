import type { GatewayOutcome } from '../national/index.js';
import { gateOf, isWriteOpen, type Gate } from './gates.js';

const said = { code: 'x', message: 'x' };
const quota = (scope: 'qps' | 'concurrency' | 'day' | 'writes' | 'all', retryAfterMs: number): GatewayOutcome => ({
  class: 'QUOTA',
  ...said,
  scope,
  retryAfterMs,
});
const halt = (scope: 'profile' | 'entity' | 'operation', isSoft: boolean): GatewayOutcome => ({
  class: 'HALT',
  ...said,
  scope,
  isSoft,
});
const MINUTE = 60_000;

describe('gateOf', () => {
  it.each<[string, GatewayOutcome, { scope: string; forMs: number } | null]>([
    ['a daily quota pauses everything until it is reset', quota('day', 3 * MINUTE), { scope: 'all', forMs: 3 * MINUTE }],
    ['closed writes pause writes alone', quota('writes', MINUTE), { scope: 'writes', forMs: MINUTE }],
    ['a rate pauses everything, never for nothing', quota('qps', 0), { scope: 'all', forMs: 200 }],
    ['a concurrency limit likewise', quota('concurrency', 500), { scope: 'all', forMs: 500 }],
    ['a hard stop of the profile', halt('profile', false), { scope: 'all', forMs: 15 * MINUTE }],
    ['a stop of one interface', halt('entity', false), { scope: 'kind:team', forMs: 15 * MINUTE }],
    ['a soft stop is tried again sooner', halt('operation', true), { scope: 'kind:team', forMs: 2 * MINUTE }],
    ['a filter page pauses its kind besides being looked up', { class: 'AMBIG', ...said, pausesOperation: true }, { scope: 'kind:team', forMs: 2 * MINUTE }],
    ['a lost answer pauses nothing', { class: 'AMBIG', ...said }, null],
    ['a refusal pauses nothing', { class: 'REJECT', ...said, fields: [] }, null],
    ['a retry pauses nothing', { class: 'RETRY', ...said, retryAfterMs: 1 }, null],
  ])('%s', (_, outcome, gate) => {
    expect(gateOf(outcome, 'team')).toEqual(gate);
  }); // prettier-ignore
});

describe('isWriteOpen', () => {
  const gate: Gate = { scope: 'all', code: 'x', reason: 'x', remaining_ms: 1 };
  it.each([
    [[], true],
    [['all'], false],
    [['writes'], false],
    [['kind:team'], false],
    [['kind:station'], true],
  ])('with %j closed it is %s for teams', (scopes, isOpen) => {
    expect(isWriteOpen(new Map(scopes.map((scope) => [scope, gate])), 'team')).toBe(isOpen);
  });
});
