import { z } from 'zod';
import {
  addressList,
  filePath,
  flag,
  httpUrl,
  postgresUrl,
  redisUrl,
  sm4Key,
  text,
  urlPath,
  wholeNumber,
} from './parsers.js';
import { shippedDefaults } from './shipped-defaults.js';

export const ROLES = ['api', 'worker', 'all'] as const;
export type Role = (typeof ROLES)[number];

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Variable<Parsed> {
  /** Name in the environment. */
  name: string;
  /** What one counts in, or the form of the text. */
  unit: string;
  /** As it would be written in the environment; null = may be absent. */
  default: string | null;
  description: string;
  schema: z.ZodType<Parsed, string>;
}

const required = <Parsed>(variable: Variable<Parsed> & { default: string }): Variable<Parsed> => variable;
const optional = <Parsed>(variable: Omit<Variable<Parsed>, 'default'>): Variable<Parsed | null> => ({
  ...variable,
  default: null,
});

/** The one list of what the environment may say. `config/example.env` is written from it; `Settings` is its type. */
export const VARIABLES = {
  role: required<Role>({
    name: 'ROLE',
    unit: ROLES.join(' | '),
    default: 'all',
    description:
      'Which part this process plays. Left out, `npm start` runs api and worker as two processes; all is both in one.',
    schema: z.enum(ROLES, { error: `must be one of ${ROLES.join(', ')}` }),
  }),
  host: required({
    name: 'HOST',
    unit: 'address',
    default: '127.0.0.1',
    description: 'Address the api listens on.',
    schema: text,
  }),
  port: required({
    name: 'PORT',
    unit: 'port',
    default: '8080',
    description: 'Port the api listens on; 0 takes a free one.',
    schema: wholeNumber(0, 65_535),
  }),
  databaseUrl: optional({
    name: 'DATABASE_URL',
    unit: 'postgres URL',
    description: 'PostgreSQL 15 or newer. Absent: `npm start` runs an embedded one with its files in var/.',
    schema: postgresUrl,
  }),
  databasePoolSize: required({
    name: 'DB_POOL_SIZE',
    unit: 'connections',
    default: '10',
    description: 'Connections to PostgreSQL of each process; the queue in PostgreSQL takes a few more.',
    schema: wholeNumber(2, 200),
  }),
  redisUrl: optional({
    name: 'REDIS_URL',
    unit: 'redis URL',
    description: 'Redis 7 with maxmemory-policy noeviction, for the queue. Absent: the queue lives in PostgreSQL.',
    schema: redisUrl,
  }),
  nationalProfile: required({
    name: 'NATIONAL_PROFILE',
    unit: 'folder name below config/national',
    default: shippedDefaults().nationalProfile,
    description: 'The contract profile that is spoken to the national side.',
    schema: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be the name of a folder below config/national'),
  }),
  nationalBaseUrl: optional({
    name: 'NATIONAL_BASE_URL',
    unit: 'http(s) URL',
    description: 'The national side. Absent: `npm start` runs the bundled simulator, and every page says so.',
    schema: httpUrl,
  }),
  nationalAppKey: optional({
    name: 'NATIONAL_APP_KEY',
    unit: 'text',
    description: 'Our key at the national side.',
    schema: text,
  }),
  nationalAppSecret: optional({
    name: 'NATIONAL_APP_SECRET',
    unit: 'text, secret',
    description: 'The secret of that key; signs every call.',
    schema: text,
  }),
  nationalFieldKey: optional({
    name: 'NATIONAL_FIELD_KEY',
    unit: '32 hexadecimal digits, secret',
    description: 'SM4 key under which personal fields travel to the national side.',
    schema: sm4Key,
  }),
  nationalCallbackPath: required({
    name: 'NATIONAL_CALLBACK_PATH',
    unit: 'path',
    default: '/national/callback',
    description: 'Where the national side calls us back; registered with it by hand.',
    schema: urlPath,
  }),
  nationalIsSimulator: required({
    name: 'NATIONAL_IS_SIMULATOR',
    unit: 'true | false',
    default: 'false',
    description: 'Set by `npm start` when the base URL is its own bundled simulator; every page then says so.',
    schema: flag,
  }),
  nationalProfileOverrides: optional({
    name: 'NATIONAL_PROFILE_OVERRIDES',
    unit: 'JSON file',
    description: 'Merged over the profile (timings of a test site, say); its fingerprint is kept with every call.',
    schema: filePath,
  }),
  deliveryTimeScale: required({
    name: 'DELIVERY_TIME_SCALE',
    unit: 'times as fast',
    default: '1',
    description: 'Pauses and slow starts of storm control run so many times faster; above 1 only against a simulator.',
    schema: wholeNumber(1, 1_000),
  }),
  allowPlainHttp: required({
    name: 'ALLOW_PLAIN_HTTP',
    unit: 'true | false',
    default: 'false',
    description: 'true says that the network is closed, and lets peers from other machines in without TLS.',
    schema: flag,
  }),
  trustedProxies: required<string[]>({
    name: 'TRUSTED_PROXIES',
    unit: 'addresses or ranges, comma separated',
    default: '127.0.0.1',
    description: 'Proxies whose X-Forwarded-Proto and X-Forwarded-For are believed.',
    schema: addressList,
  }),
  secretsDir: required({
    name: 'SECRETS_DIR',
    unit: 'folder',
    default: 'var/secrets',
    description: 'Our own keys, made at the first start (0700, files 0600). Back it up together with the database.',
    schema: filePath,
  }),
  workerConcurrency: required({
    name: 'WORKER_CONCURRENCY',
    unit: 'calls in flight',
    default: '8',
    description: 'Calls that one worker process makes at once; the limits of the national side rule over it.',
    schema: wholeNumber(1, 256),
  }),
  webhookAllowInternal: required({
    name: 'WEBHOOK_ALLOW_INTERNAL',
    unit: 'true | false',
    default: 'false',
    description: 'true lets webhooks go to http and to loopback or private addresses (stations in the same network).',
    schema: flag,
  }),
  logLevel: required<LogLevel>({
    name: 'LOG_LEVEL',
    unit: LOG_LEVELS.join(' | '),
    default: 'info',
    description: 'What is worth a line. Records and bodies are never logged at any level.',
    schema: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }),
  }),
};

export type Variables = typeof VARIABLES;
