import { z } from 'zod';
import { VARIABLES, type Variable, type Variables } from './variables.js';

type ParsedBy<V> = V extends Variable<infer Parsed> ? Parsed : never;

/** What the process runs with. Read once at the start and handed on; no room reads the environment itself. */
export type Settings = { readonly [Name in keyof Variables]: ParsedBy<Variables[Name]> };

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process ends with this code when its settings are wrong; starting it again would not help. */
export const SETTINGS_EXIT_CODE = 2;

/** `message` holds one sentence per problem, each naming the variable and the way out. */
export class SettingsError extends Error {
  readonly exitCode = SETTINGS_EXIT_CODE;

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'SettingsError';
  }
}

/** An empty variable (`PORT=` in a compose file) means the same as an absent one. */
const given = (environment: Environment, name: string): string | null => environment[name]?.trim() || null;

function parseVariable(variable: Variable<unknown>, environment: Environment, problems: string[]): unknown {
  const raw = given(environment, variable.name) ?? variable.default;
  if (raw === null) return null;
  const parsed = variable.schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  // The value itself is not repeated: it may be a secret, and this sentence ends up in logs.
  const wayOut = variable.default === null ? 'remove it' : `remove it to get ${variable.default}`;
  problems.push(`${variable.name} ${z.treeifyError(parsed.error).errors.join(', ')}: correct it or ${wayOut}.`);
  return null;
}

function missingCompanions(settings: Settings): string[] {
  if (settings.nationalBaseUrl === null) return [];
  return (['nationalAppKey', 'nationalAppSecret', 'nationalFieldKey'] as const)
    .filter((key) => settings[key] === null)
    .map((key) => {
      const name = VARIABLES[key].name;
      return `${name} is missing: NATIONAL_BASE_URL is set, so set ${name} too, or remove NATIONAL_BASE_URL to run against the simulator.`;
    });
}

/** Hurried pauses would be a storm of our own to a real nation. */
function hurriedOutsideSimulator(settings: Settings): string[] {
  if (settings.deliveryTimeScale === 1 || settings.nationalIsSimulator) return [];
  const { deliveryTimeScale, nationalIsSimulator } = VARIABLES;
  return [
    `${deliveryTimeScale.name} is for benchmarks against a simulator: remove it, or set ${nationalIsSimulator.name}=true if the national side is one.`,
  ];
}

/**
 * Shape    environment → every variable of `VARIABLES`, parsed, frozen
 * Throws   SettingsError with all problems at once, so that nobody corrects them one start at a time
 */
export function loadSettings(environment: Environment): Settings {
  const problems: string[] = [];
  const settings = Object.fromEntries(
    Object.entries(VARIABLES).map(([key, variable]) => [
      key,
      parseVariable(variable as Variable<unknown>, environment, problems),
    ]),
  ) as unknown as Settings;
  if (problems.length === 0) problems.push(...missingCompanions(settings), ...hurriedOutsideSimulator(settings));
  if (problems.length > 0) throw new SettingsError(problems);
  return Object.freeze(settings);
}

/** For programs: a wrong setting ends the process with code 2 and the sentences on stderr. */
export function loadSettingsOrExit(environment: Environment = process.env): Settings {
  try {
    return loadSettings(environment);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    process.exit(SETTINGS_EXIT_CODE);
  }
}
