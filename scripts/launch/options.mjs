/** What may follow `npm start --`. */
export const USAGE = `usage: npm start [-- --people N] [-- --exit]
  --people N   push N made-up people and their records into the demonstration
  --exit       stop everything when the demonstration has been pushed; the exit code is its own
Both belong to the demonstration, which runs when neither DATABASE_URL nor NATIONAL_BASE_URL is set.
`;

export class UsageError extends Error {}

const PEOPLE_LIMIT = 1_000_000;

function parseArguments(args) {
  const options = { people: null, isExit: false, isHelp: false };
  for (let index = 0; index < args.length; index += 1) {
    const [name, inline] = args[index].split('=', 2);
    if (name === '--exit') options.isExit = true;
    else if (name === '--help' || name === '-h') options.isHelp = true;
    else if (name === '--people') options.people = inline ?? args[(index += 1)] ?? '';
    else throw new UsageError(`unknown option ${args[index]}`);
  }
  return options;
}

function checkPeople(people) {
  if (people === null || (/^\d{1,7}$/.test(people) && Number(people) <= PEOPLE_LIMIT)) return;
  throw new UsageError(`--people takes a number from 0 to ${PEOPLE_LIMIT}`);
}

/** What stands in the way of a demonstration, or null. */
function obstacle(env, { isDemo, isWhole }) {
  if (env.DATABASE_URL) return 'DATABASE_URL';
  if (!isDemo) return 'NATIONAL_BASE_URL';
  return isWhole ? null : `ROLE=${env.ROLE}`;
}

/**
 * `isDemo`: our own database and our own nation, so pushing made-up people harms nobody (station-contract G-80).
 * A start of one part only (ROLE) pushes nothing either.
 */
export function readOptions(args, env) {
  const { people, isExit, isHelp } = parseArguments(args);
  const isDemo = !env.DATABASE_URL && !env.NATIONAL_BASE_URL;
  const isWhole = !env.ROLE || env.ROLE === 'all';
  checkPeople(people);
  const inTheWay = obstacle(env, { isDemo, isWhole });
  if ((people !== null || isExit) && inTheWay) {
    throw new UsageError(`--people and --exit push made-up people, and ${inTheWay} is set: remove one of the two`);
  }
  const demoArgs = [...(people === null ? [] : ['--people', people]), ...(isExit ? ['--exit'] : [])];
  return { isHelp, isDemo, isExit, demoArgs, runsDemo: isDemo && isWhole };
}
