// What our own syntax rules forbid, and where.

/** Rooms that get time, chance and ids handed in: the same input must give the same output, in tests and in replays. */
export const DOMAIN_ROOMS = [
  'records',
  'ledger',
  'delivery',
  'answers',
  'national',
  'ingest',
  'evidence',
  'access',
  'reconcile',
  'audit',
  'certificates',
  'problems',
  'notify',
];

/** Files that are an adapter of time or chance themselves, and why. Anything else is handed a port. */
export const ADAPTERS_OF_TIME_AND_CHANCE = [
  // The wire: how long a socket may take to connect is told by a timer on that socket.
  'src/national/call/wire.ts',
];

/**
 * Known debts: these wait, or draw, by themselves until they take a port too. The list may only become shorter; the
 * spec of this rule refuses a file that no longer needs to be here.
 */
export const OWE_A_PORT = [
  'src/delivery/dispatcher.ts',
  'src/delivery/lease-keeper.ts',
  'src/delivery/prepared-calls.ts',
  'src/delivery/turns.ts',
  'src/evidence/evidence-log.ts',
];

const USE_THE_CLOCK = 'take the time from a Clock (platform/clock), or from the database, not from the machine';
const USE_A_PAUSE =
  'wait through platform/clock (repeat, or a Pause handed in), so that a simulation can pass the time';
const USE_IDS = 'take ids from Ids (platform/ids), handed in, so that a run can be played again';
const USE_RANDOM = 'take chance from Random (platform/ids), handed in, so that a run can be played again';

/** Read at all, not only called: `const { now } = Date` and `map(Math.random)` are the same leak. */
export const NO_TIME_OR_CHANCE = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: USE_THE_CLOCK },
  { selector: "VariableDeclarator[init.name='Date'] > ObjectPattern", message: USE_THE_CLOCK },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: USE_THE_CLOCK },
  { selector: "CallExpression[callee.name='Date']", message: USE_THE_CLOCK },
  { selector: "MemberExpression[object.name='performance'][property.name='now']", message: USE_THE_CLOCK },
  { selector: "MemberExpression[object.name='process'][property.name=/^(hrtime|uptime)$/]", message: USE_THE_CLOCK },
  { selector: 'ImportDeclaration[source.value=/^(node:)?timers/]', message: USE_A_PAUSE },
  { selector: 'CallExpression[callee.name=/^set(Timeout|Interval|Immediate)$/]', message: USE_A_PAUSE },
  {
    selector:
      "CallExpression[callee.object.name='globalThis'][callee.property.name=/^set(Timeout|Interval|Immediate)$/]",
    message: USE_A_PAUSE,
  },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: USE_RANDOM },
  {
    selector: "ImportDeclaration[source.value=/^(node:)?crypto$/] ImportSpecifier[imported.name='randomUUID']",
    message: USE_IDS,
  },
  { selector: "MemberExpression[property.name='randomUUID']", message: USE_IDS },
  {
    selector:
      'ImportDeclaration[source.value=/^(node:)?crypto$/] ImportSpecifier[imported.name=/^(random(Bytes|Fill|FillSync|Int)|getRandomValues)$/]',
    message: USE_RANDOM,
  },
  {
    selector: 'MemberExpression[property.name=/^(random(Bytes|Fill|FillSync|Int)|getRandomValues)$/]',
    message: USE_RANDOM,
  },
];

/** A contract profile is a folder in config/national; code that knows one by name cannot serve the next. */
export const NO_PROFILE_NAMES = {
  selector: 'Literal[value=/^ref-v\\d+$/]',
  message: 'no profile id in src/: a new national contract must not need a change in code',
};
