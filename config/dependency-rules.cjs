// The walls of the house, as data: who may import whom. README shows the same table and a spec compares the two.
// `index.ts` of a room is its front door; other rooms enter through it, and only through it.

/** Plumbing, and the vocabulary of what we carry: every room of the corridor may use both. */
const BASE = ['platform', 'records'];

/** room → rooms that it may import. */
const MAY_IMPORT = {
  platform: [],
  records: [],
  evidence: ['platform'],
  access: ['platform', 'evidence'],
  national: [...BASE],
  ledger: [...BASE, 'evidence'],
  ingest: [...BASE, 'ledger', 'access', 'evidence'],
  answers: [...BASE, 'ledger', 'national', 'evidence'],
  delivery: [...BASE, 'ledger', 'national', 'answers', 'evidence'],
  reconcile: [...BASE, 'ledger', 'national', 'answers', 'evidence'],
  audit: [...BASE, 'ledger', 'answers', 'evidence'],
  notify: ['platform', 'ledger'],
  certificates: [...BASE, 'ledger', 'national', 'answers'],
  problems: [...BASE, 'ledger', 'delivery', 'evidence', 'access'],
  console: [
    ...BASE,
    'access',
    'evidence',
    'ledger',
    'ingest',
    'answers',
    'delivery',
    'reconcile',
    'audit',
    'notify',
    'certificates',
    'problems',
  ],
  // Shares no signer, mapper or schema with us: shared code shares the mistake.
  simulator: ['platform'],
};

/** Programs: they wire rooms together, and nobody imports them. */
const PROGRAMS = ['app', 'demo', 'bench', 'cli'];

const room = (name) => `^src/${name}/`;

const corridor = Object.entries(MAY_IMPORT).map(([name, allowed]) => ({
  name: `wall-${name}`,
  comment: `${name} may import: ${allowed.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: room(name) },
  to: { path: '^src/', pathNot: [name, ...allowed].map(room) },
}));

/** Each folder of platform/ is a door of its own: `platform/clock`, not all of platform at once. */
const FRONT_DOORS = ['^src/[^/]+/index\\.ts$', '^src/platform/[^/]+/index\\.ts$', '^src/platform/[^/]+\\.ts$'];

/** Packages that carry our crypto or canonical form; the simulator has its own. */
const SHARED_MISTAKES = ['canonicalize', 'sm-crypto-v2', 'standardwebhooks'];

/** What the pure room may use beyond itself. */
const PLAIN_TOOLS = ['node_modules/zod/', '^crypto$'];

/**
 * The State Council's calendar changes once a year and is shipped as data (config/calendar), so this one file reads
 * it, once, at start. Whoever tests or reuses the rules hands a calendar in.
 */
const SHIPPED_TABLES_READER = '^src/records/calendar-loader\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...corridor,
    {
      name: 'front-door-only',
      comment: 'another room is entered through its index.ts',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      // app/ has no door: whoever may import it at all (the programs) picks the piece of wiring that it needs.
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/app/', ...FRONT_DOORS] },
    },
    {
      name: 'front-door-of-platform',
      comment: 'inside platform/ too, a folder is entered through its index.ts',
      severity: 'error',
      from: { path: '^src/platform/([^/]+)/' },
      to: { path: '^src/platform/[^/]+/', pathNot: ['^src/platform/$1/', ...FRONT_DOORS] },
    },
    {
      name: 'simulator-stands-alone',
      comment: 'of platform/ the simulator may use config and logging',
      severity: 'error',
      from: { path: room('simulator') },
      to: { path: room('platform'), pathNot: ['^src/platform/(config|logging)/'] },
    },
    {
      name: 'simulator-own-crypto',
      comment: 'no crypto or canonical-JSON package that national or records use: shared code shares the mistake',
      severity: 'error',
      from: { path: room('simulator') },
      to: { path: `node_modules/(${SHARED_MISTAKES.join('|')})/` },
    },
    {
      name: 'records-are-plain',
      comment: 'the same code runs in tests, console and workers: zod and node:crypto only',
      severity: 'error',
      from: { path: room('records'), pathNot: ['\\.spec\\.ts$', SHIPPED_TABLES_READER] },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'], pathNot: PLAIN_TOOLS },
    },
    {
      name: 'records-read-shipped-tables',
      comment: 'the reader of shipped tables may open files, and nothing else more than its room',
      severity: 'error',
      from: { path: SHIPPED_TABLES_READER },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'], pathNot: [...PLAIN_TOOLS, '^(fs|path)$'] },
    },
    {
      name: 'queue-behind-its-wall',
      comment: 'only platform/queue knows which backend the queue has; the plain worker beside ours is all queue',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(platform/queue|bench/policy)/' },
      to: { path: 'node_modules/(bullmq|ioredis)/' },
    },
    {
      name: 'programs-are-not-imported',
      comment: 'app, demo, bench and cli use rooms; rooms do not use them',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: PROGRAMS.map(room) },
      to: { path: PROGRAMS.map(room) },
    },
    {
      name: 'no-cycles',
      comment: 'with decorator metadata a cycle is a crash at the start; an import of types alone is gone by then',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { pathNot: '^node_modules/', dependencyTypesNot: ['type-only', 'type-import'] } },
    },
    {
      name: 'src-never-imports-test',
      comment: 'what ships must not need what tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^test/' },
    },
    {
      name: 'resolvable',
      comment: 'an import that leads nowhere passes no wall check',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|var)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};

// For the specs: not enumerable, because the checker accepts nothing that it does not know.
Object.defineProperty(module.exports, 'walls', { value: MAY_IMPORT });
