// What our own syntax rules forbid, and where.

/** Rooms that get time, chance and ids handed in: the same input must give the same output, in tests and in replays. */
export const DOMAIN_ROOMS = [
  'records',
  'ledger',
  'delivery',
  'answers',
  'ingest',
  'evidence',
  'access',
  'reconcile',
  'audit',
  'certificates',
  'problems',
  'notify',
];

export const ADAPTERS_OF_TIME_AND_CHANCE = ['src/platform/clock/**', 'src/platform/ids/**'];

const USE_THE_CLOCK = 'take the time from platform/clock (or the database), not from the machine';
const USE_THE_IDS = 'take ids and chance from platform (ids, clock), handed in';

export const NO_TIME_OR_CHANCE = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: USE_THE_CLOCK,
  },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: USE_THE_CLOCK },
  { selector: "CallExpression[callee.object.name='performance'][callee.property.name='now']", message: USE_THE_CLOCK },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: USE_THE_IDS,
  },
  { selector: "CallExpression[callee.name='randomUUID']", message: USE_THE_IDS },
  { selector: "CallExpression[callee.property.name='randomUUID']", message: USE_THE_IDS },
];

/** A contract profile is a folder in config/national; code that knows one by name cannot serve the next. */
export const NO_PROFILE_NAMES = {
  selector: 'Literal[value=/^ref-v\\d+$/]',
  message: 'no profile id in src/: a new national contract must not need a change in code',
};
