// The three named settings as data; every figure may be overridden at start or through the control port.

export interface Delay {
  minMs: number;
  maxMs: number;
}

export interface ReviewSetting extends Delay {
  /** false = rows wait until someone decides through the control port. */
  auto: boolean;
  failRate: number;
}

/** What a change without notice keeps telling: the limits that /sys/status announced before it. */
export interface AnnouncedLimits {
  qps: number | null;
  concurrency: number | null;
  batchItems: number;
  batchBytes: number;
  quotaPerDay: number | null;
}

export type ReviewKind = 'volunteers' | 'teams' | 'projects' | 'certificate-requests';

export interface Settings {
  httpStatusMode: 'always200' | 'mixed';
  signMethods: string[];
  timestampToleranceMs: number;
  tokenTtlSec: number;
  singleSession: boolean;
  appEnabled: boolean;
  allowIps: string[] | null;
  deniedEntities: string[];
  limits: {
    qps: number | null;
    burst: number;
    concurrency: number | null;
    /** Calls in any 60 s (divided by timeScale); told to nobody but as qps. */
    callsPerMinute: number | null;
    /** Only watched, never refused: the contract has no code for it (I17). */
    tokensPerMinute: number | null;
    batchItems: number;
    batchBytes: number;
    bodyBytes: number;
  };
  quotaPerDay: number | null;
  /** null = /sys/status tells the limits in force. */
  announced: AnnouncedLimits | null;
  /**
   * How many times faster quota windows turn than in life: at 60 a minute lasts a second, so 10 qps become 600 calls in
   * a second and the quota day ends 60 times a day. The clock itself is not moved: signatures and TTLs stay in real time.
   */
  timeScale: number;
  mode: 'open' | 'read-only' | 'closed';
  maintenanceRetryMs: number;
  window: { writesFrom: string; writesTo: string };
  latency: { p50Ms: number; p99Ms: number } | null;
  commitLatencyMs: Delay;
  /** The longest that a commit may come after its caller has given up: what F04 stays under (§1.16 H2). */
  maxCommitLatencyMs: number;
  receiptMs: Delay;
  receiptsKeptMs: number;
  pollAfterMs: number;
  reviews: Record<ReviewKind, ReviewSetting>;
  certificatePollAfterMs: number;
  /** How long after ISSUED the file still answers 2302. */
  certificateFileMs: number;
  readLagMs: Delay;
  /** How long a merged id is still found by lookup; null = for good (§2.2 B9). */
  mergedVisibleMs: number | null;
  duplicateMode: 'code-2001' | 'silent-second-row';
  strictDictionaries: boolean;
  /** `digits` mints 19-digit ids, `asNumber` writes them into replies without quotes (F42). */
  nationalIds: { shape: 'prefixed' | 'digits'; asNumber: boolean };
  /** `nightly`: totals are those of the last Beijing midnight (§2.2 B6, F56). */
  totals: { refresh: 'live' | 'nightly' };
  feed: { safeLagMs: number; disorderRate: number; cursorValidMs: number };
  snapshotsKeptMs: number;
  exportMs: Delay;
  journal: { flushMs: number; fsync: boolean };
  gzipMinBytes: number;
  callbackUrl: string | null;
  callbackRetryMs: number[];
  deprecations: { contract: string; closesAt: string }[];
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MIB = 1_048_576;

/** A new value each time: one shared object would make one patch change several settings. */
const none = (): Delay => ({ minMs: 0, maxMs: 0 });
const review = (minMs: number, maxMs: number, failRate = 0): ReviewSetting => ({ auto: true, minMs, maxMs, failRate });

/** Unlimited and instant: what the throughput benchmark and the equality proof run against. */
const bench: Settings = {
  httpStatusMode: 'always200',
  signMethods: ['HMAC-SHA256', 'HMAC-SM3'],
  timestampToleranceMs: 300 * SECOND_MS,
  tokenTtlSec: 1_800,
  singleSession: false,
  appEnabled: true,
  allowIps: null,
  deniedEntities: [],
  limits: {
    qps: null,
    burst: 20,
    concurrency: null,
    callsPerMinute: null,
    tokensPerMinute: 10,
    batchItems: 100,
    batchBytes: MIB,
    bodyBytes: 8 * MIB,
  },
  quotaPerDay: null,
  announced: null,
  timeScale: 1,
  mode: 'open',
  maintenanceRetryMs: 5 * MINUTE_MS,
  window: { writesFrom: '00:00', writesTo: '24:00' },
  latency: null,
  commitLatencyMs: none(),
  maxCommitLatencyMs: 2 * MINUTE_MS,
  receiptMs: none(),
  receiptsKeptMs: 7 * DAY_MS,
  pollAfterMs: 20,
  reviews: {
    volunteers: review(0, 0),
    teams: review(0, 0),
    projects: review(0, 0),
    'certificate-requests': review(0, 0),
  },
  certificatePollAfterMs: 50,
  certificateFileMs: 0,
  readLagMs: none(),
  mergedVisibleMs: null,
  duplicateMode: 'code-2001',
  strictDictionaries: true,
  nationalIds: { shape: 'prefixed', asNumber: false },
  totals: { refresh: 'live' },
  feed: { safeLagMs: 0, disorderRate: 0, cursorValidMs: 30 * DAY_MS },
  snapshotsKeptMs: 15 * MINUTE_MS,
  exportMs: none(),
  journal: { flushMs: 50, fsync: false },
  gzipMinBytes: 1_024,
  callbackUrl: null,
  callbackRetryMs: [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 12 * HOUR_MS, 24 * HOUR_MS],
  deprecations: [],
};

/** Limits are served but generous; everything that takes days in life takes seconds here. */
const demo: Settings = {
  ...bench,
  limits: { ...bench.limits, qps: 400, burst: 400, concurrency: 16 },
  quotaPerDay: 10_000_000,
  receiptMs: { minMs: 60, maxMs: 250 },
  pollAfterMs: 150,
  reviews: {
    volunteers: review(300, 1_500),
    teams: review(300, 1_500),
    projects: review(300, 1_500),
    'certificate-requests': review(1_000, 3_500),
  },
  certificatePollAfterMs: 500,
  exportMs: { minMs: 50, maxMs: 200 },
  journal: { flushMs: 0, fsync: false },
  gzipMinBytes: 0,
};

/** The figures of §1.12 and §2.1.8. */
const faithful: Settings = {
  ...demo,
  limits: { ...bench.limits, qps: 10, burst: 20, concurrency: 4 },
  quotaPerDay: 50_000,
  window: { writesFrom: '06:00', writesTo: '23:00' },
  latency: { p50Ms: 120, p99Ms: 3_000 },
  receiptMs: { minMs: 2 * SECOND_MS, maxMs: 30 * MINUTE_MS },
  pollAfterMs: 3_000,
  reviews: {
    volunteers: review(10 * MINUTE_MS, 5 * DAY_MS, 0.01),
    teams: review(30 * MINUTE_MS, 3 * DAY_MS, 0.01),
    projects: review(30 * MINUTE_MS, 3 * DAY_MS, 0.01),
    'certificate-requests': review(30 * MINUTE_MS, 3 * DAY_MS, 0.01),
  },
  certificatePollAfterMs: MINUTE_MS,
  certificateFileMs: 30 * SECOND_MS,
  readLagMs: { minMs: 0, maxMs: 60 * SECOND_MS },
  mergedVisibleMs: 90 * DAY_MS,
  feed: { safeLagMs: 60 * SECOND_MS, disorderRate: 0.02, cursorValidMs: 30 * DAY_MS },
  exportMs: { minMs: 30 * SECOND_MS, maxMs: 10 * MINUTE_MS },
};

export const NAMED_SETTINGS = { demo, bench, faithful } as const;
export type SettingName = keyof typeof NAMED_SETTINGS;
export const isSettingName = (name: string): name is SettingName => Object.hasOwn(NAMED_SETTINGS, name);

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
const isDelay = (value: unknown): boolean => isTree(value) && 'minMs' in value && 'maxMs' in value;

/** Deep merge in place. A number over a delay sets both ends; an unknown name is an error, not a silent no-op. */
function merge(target: Tree, patch: Tree, path: string): void {
  for (const [key, value] of Object.entries(patch)) {
    if (!Object.hasOwn(target, key)) throw new Error(`unknown setting ${path}${key}`);
    const current = target[key];
    if (isDelay(current) && typeof value === 'number') {
      Object.assign(current as Tree, { minMs: value, maxMs: value });
    } else if (isTree(current) && isTree(value)) {
      merge(current, value, `${path}${key}.`);
    } else {
      target[key] = value;
    }
  }
}

/** `reviewMs` is a short name for the delay of all four reviews. */
export function patchSettings(settings: Settings, patch: Readonly<Tree>): void {
  if (patch.timeScale !== undefined && !(typeof patch.timeScale === 'number' && patch.timeScale > 0))
    throw new Error('timeScale: a number above 0, 1 = real time');
  const { reviewMs, ...rest } = patch;
  if (typeof reviewMs === 'number') {
    for (const kind of Object.values(settings.reviews)) Object.assign(kind, { minMs: reviewMs, maxMs: reviewMs });
  }
  merge(settings as unknown as Tree, rest, '');
}

export function namedSettings(name: SettingName, overrides: Readonly<Tree> = {}): Settings {
  const settings = structuredClone<Settings>(NAMED_SETTINGS[name]);
  patchSettings(settings, overrides);
  return settings;
}
