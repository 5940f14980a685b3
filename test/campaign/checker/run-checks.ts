/** I18–I20 and I25–I27, and the goals of recovery: what the run as a whole shows. */
import { keyOf } from './evidence.js';
import { broken, type Check, type Violation } from './violation.js';

const AT_REST = new Set(['mirrored', 'attention', 'voided', 'unsupported', 'waiting']);
const ATTEMPTS_PER_VERSION = 40;
const RSS_LIMIT_MB = 600;
const HANDLE_LIMIT = 400;
const QUEUE_LIMIT = 200;
/** Reliability goal G6. */
const INTAKE_WITHIN_MS = 30_000;
const MIRRORED_WITHIN_MS = 60_000;
const PEOPLE_ABOVE = 200;

/** I18: after the faults everything comes to rest. */
export const comesToRest: Check = ({ facts, ledger }) => {
  const found: Violation[] = [];
  if (!facts.isQuiet) found.push(broken('I18', 'run', 'was not at rest within the limit'));
  for (const record of ledger.records) {
    if (AT_REST.has(record.state)) continue;
    found.push(
      broken('I18', keyOf(record.source, record), `is still ${record.state} (${record.outcomeCode ?? 'no code'})`),
    );
  }
  for (const { bizNo, stage } of ledger.attempts) {
    if (stage !== 'closed') found.push(broken('I18', bizNo, `an attempt is still ${stage}`));
  }
  return found;
};

/** I19: nobody sees what is another's. */
export const nobodyTrespasses: Check = ({ stations }) =>
  stations.flatMap((event) => (event.type === 'trespass' ? [broken('I19', event.source, event.what)] : []));

/** I20: no personal data outside what is sealed. */
export const nothingLeaks: Check = ({ facts }) => facts.leaks.map((leak) => broken('I20', 'run', leak));

/** I25: nothing grows without bound. */
export const everythingIsBounded: Check = ({ facts, ledger }) => {
  const found: Violation[] = [];
  const tries = new Map<string, number>();
  for (const { bizNo, version } of ledger.attempts) {
    const name = `${bizNo} version ${version}`;
    tries.set(name, (tries.get(name) ?? 0) + 1);
  }
  for (const [name, count] of tries) {
    if (count > ATTEMPTS_PER_VERSION) found.push(broken('I25', name, `${count} attempts`));
  }
  for (const { name, rssMb, handles } of facts.programs) {
    if (rssMb > RSS_LIMIT_MB) found.push(broken('I25', name, `${rssMb} MB resident`));
    if (handles > HANDLE_LIMIT) found.push(broken('I25', name, `${handles} open handles`));
  }
  if (facts.queueLength > QUEUE_LIMIT) found.push(broken('I25', 'queue', `${facts.queueLength} jobs at rest`));
  return found;
};

/** R07, R21: trouble of others ends no program. */
export const nobodyCrashes: Check = ({ facts }) =>
  facts.crashes.map((name) => broken('CRASH', name, 'ended though nobody had killed it'));

/** I27: what touches many records needs two people. */
export const massEffectsNeedTwo: Check = ({ facts }) =>
  facts.massEffects
    .filter(({ size, people }) => size > PEOPLE_ABOVE && people < 2)
    .map(({ what, size, people }) => broken('I27', what, `${size} records by ${people} person`));

/** G6: after every fault intake answers within 30 s and a fresh record is mirrored within 60 s. */
export const recoversInTime: Check = ({ facts }) =>
  facts.recoveries.flatMap(({ fault, intakeMs, mirroredMs }) => {
    const found: Violation[] = [];
    if (intakeMs === null || intakeMs > INTAKE_WITHIN_MS)
      found.push(broken('G6', fault, `intake after ${intakeMs ?? 'never'} ms`));
    if (mirroredMs === null || mirroredMs > MIRRORED_WITHIN_MS) {
      found.push(broken('G6', fault, `a fresh record was mirrored after ${mirroredMs ?? 'never'} ms`));
    }
    return found;
  });
