import { parseArgs } from 'node:util';

export const PARTS = ['accept', 'mirror', 'memory'] as const;
export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  readonly isJson: boolean;
  /** null = everything. */
  readonly only: Part | null;
  readonly rounds: number;
  readonly isSoak: boolean;
  /** The policy benchmark instead: how an outage is lived through. */
  readonly isPolicy: boolean;
  /** How many times faster than life the policy benchmark runs. */
  readonly scale: number;
  /** Folder for CPU profiles of api and worker; null = none are taken. */
  readonly profileFolder: string | null;
}

/** Odd, so that a median is a figure that was measured. */
const DEFAULT_ROUNDS = 5;
const MAX_ROUNDS = 25;
/** The least; the outage of six hours takes six minutes then. */
const MIN_SCALE = 60;
const MAX_SCALE = 600;

export const USAGE = `npm run bench -- [options]
  --json            one line of JSON, the last on stdout; everything else goes to stderr
  --only <part>     ${PARTS.join(' | ')}
  --rounds <n>      rounds of adapter and bare client in turn, 1 to ${MAX_ROUNDS} (default ${DEFAULT_ROUNDS})
  --soak            ten minutes of steady load instead: is the memory flat?
  --profile <dir>   CPU profiles of api and worker
  --policy          six hours of outage instead, the adapter beside a plain queue worker (about eight minutes)
  --scale <n>       of --policy: how many times faster than life, ${MIN_SCALE} to ${MAX_SCALE} (default ${MIN_SCALE})
DATABASE_URL       server on which a database of our own is made and dropped; absent: embedded PostgreSQL
NATIONAL_BASE_URL  simulator to use (with NATIONAL_IS_SIMULATOR=true); absent: one is started, setting bench
`;

export class OptionsError extends Error {
  override name = 'OptionsError';
}

function roundsOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_ROUNDS;
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MAX_ROUNDS) {
    throw new OptionsError(`--rounds must be a whole number from 1 to ${MAX_ROUNDS}`);
  }
  return rounds;
}

function scaleOf(text: string | undefined): number {
  if (text === undefined) return MIN_SCALE;
  const scale = Number(text);
  if (!Number.isInteger(scale) || scale < MIN_SCALE || scale > MAX_SCALE) {
    throw new OptionsError(`--scale must be a whole number from ${MIN_SCALE} to ${MAX_SCALE}`);
  }
  return scale;
}

function partOf(text: string | undefined): Part | null {
  if (text === undefined) return null;
  const part = PARTS.find((name) => name === text);
  if (!part) throw new OptionsError(`--only must be one of ${PARTS.join(', ')}`);
  return part;
}

/** null = help was asked for. Throws OptionsError. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const values = parsed(args);
  if (values.help) return null;
  return {
    isJson: values.json ?? false,
    only: partOf(values.only),
    rounds: roundsOf(values.rounds),
    isSoak: values.soak ?? false,
    isPolicy: values.policy ?? false,
    scale: scaleOf(values.scale),
    profileFolder: values.profile ?? null,
  };
}

function parsed(args: readonly string[]): {
  json?: boolean;
  only?: string;
  rounds?: string;
  soak?: boolean;
  policy?: boolean;
  scale?: string;
  profile?: string;
  help?: boolean;
} {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean' },
        only: { type: 'string' },
        rounds: { type: 'string' },
        soak: { type: 'boolean' },
        policy: { type: 'boolean' },
        scale: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new OptionsError(error instanceof Error ? error.message : 'unreadable options');
  }
}
