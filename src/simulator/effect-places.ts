// Which effect may stand at which fault point. A script that could never strike is refused at once, so that no test
// passes for want of a fault.
import { FAULT_POINTS, type FaultInput, type FaultPoint } from './faults.js';
import { ActRefused } from './national-acts.js';

const ON_THE_WAY: readonly FaultPoint[] = [
  'before-auth',
  'before-validate',
  'before-commit',
  'after-commit-before-reply',
];
const ANYWHERE: readonly FaultPoint[] = [...ON_THE_WAY, 'during-reply'];
const AT_START: readonly FaultPoint[] = ['before-auth', 'before-validate', 'before-commit'];
const ITEM: readonly FaultPoint[] = ['before-item'];
const COMMIT: readonly FaultPoint[] = ['before-commit'];
const REPLY: readonly FaultPoint[] = ['after-commit-before-reply'];
const WIRE: readonly FaultPoint[] = ['during-reply'];

export const EFFECT_POINTS: Readonly<Record<string, readonly FaultPoint[]>> = {
  reset: ANYWHERE,
  hang: ANYWHERE,
  delay: ANYWHERE,
  status: ON_THE_WAY,
  html: ON_THE_WAY,
  body: ON_THE_WAY,
  redirect: ON_THE_WAY,
  code: [...ON_THE_WAY, ...ITEM],
  'expire-tokens': AT_START,
  'displace-tokens': AT_START,
  'expired-token': AT_START,
  'never-process': AT_START,
  'read-lag': AT_START,
  'late-commit': COMMIT,
  'commit-first': COMMIT,
  'other-copy': COMMIT,
  'foreign-twin': COMMIT,
  parent: ITEM,
  mangle: ITEM,
  patch: REPLY,
  receipt: REPLY,
  'second-row': REPLY,
  'callback-first': REPLY,
  'proxy-twice': REPLY,
  truncate: WIRE,
  cut: WIRE,
  trickle: WIRE,
  wire: WIRE,
  'close-after': WIRE,
  callback: ['callback'],
};

export function checkFault({ point, effect, match, ...timing }: FaultInput): void {
  if (!FAULT_POINTS.includes(point)) throw new ActRefused(`point: one of ${FAULT_POINTS.join(', ')}`, 'point');
  const places = typeof effect?.type === 'string' ? EFFECT_POINTS[effect.type] : undefined;
  if (places === undefined)
    throw new ActRefused(
      `effect.type: unknown effect ${effect?.type}; one of ${Object.keys(EFFECT_POINTS).join(', ')}`,
      'effect.type',
    );
  if (!places.includes(point)) throw new ActRefused(`point: ${effect.type} belongs to ${places.join(', ')}`, 'point');
  if (match?.path !== undefined) new RegExp(match.path);
  for (const name of ['nth', 'every', 'times'] as const) {
    const value = timing[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw new ActRefused(`${name}: a whole number from 1`, name);
  }
  const { probability } = timing;
  if (probability !== undefined && !(probability >= 0 && probability <= 1))
    throw new ActRefused('probability: a number from 0 to 1', 'probability');
}
