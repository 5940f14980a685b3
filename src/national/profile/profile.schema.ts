import { z } from 'zod';

/**
 * The shape of `config/national/<profile>/profile.yaml`. Everything is strict: a key that this file does not know
 * stops the start, because a misspelt key would otherwise silently mean "default" (house 2.5).
 */

const ms = z.int().nonnegative();
const count = z.int().positive();
const dottedPath = z.string().regex(/^[A-Za-z0-9]+(\.[A-Za-z0-9]+)*$/, 'a dotted path such as managers.0.name');
const pattern = z.string().refine((text) => isPattern(text), 'not a regular expression');

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'iu').source.length > 0;
  } catch {
    return false;
  }
}

/** Built-in formats; any other name has to be a field codec of `plugins/`. `nfc` is what every text gets anyway. */
export const BUILT_IN_FORMATS = ['nfc', 'beijing-datetime', 'date'] as const;

const FieldBindingSchema = z
  .strictObject({
    /** Dotted path in the station's data. */
    from: dottedPath.optional(),
    const: z.union([z.string(), z.number(), z.boolean()]).optional(),
    /** Key of `NationalRefs`. */
    ref: z.string().min(1).optional(),
    dictionary: z.string().min(1).optional(),
    format: z.string().min(1).optional(),
    /** Named value plug-in for what needs an `if`; works on `from`. */
    plugin: z.string().min(1).optional(),
    optional: z.boolean().optional(),
  })
  .refine(
    (binding) => [binding.from, binding.const, binding.ref].filter((source) => source !== undefined).length === 1,
    {
      error: 'a field binding says exactly one of from, const, ref',
    },
  );

const EntitySchema = z.strictObject({
  /** Path name and the word of `detail.missing[].entity`. */
  path: z.string().regex(/^[a-z][a-z-]*$/),
  fields: z.record(z.string(), FieldBindingSchema),
});

export const RULE_CLASSES = [
  'OK', 'ACCEPTED', 'RETRY', 'REFRESH', 'CLOCK', 'SPLIT', 'WAITDEP', 'QUOTA',
  'DONE', 'LINK', 'REMAP', 'CONFLICT', 'REJECT', 'AMBIG', 'GONE', 'HALT',
] as const; // prettier-ignore
const ruleClass = z.enum(RULE_CLASSES);

const verdictShape = {
  class: ruleClass,
  /** Class for writes / reads where it differs from `class`. */
  writes: ruleClass.optional(),
  reads: ruleClass.optional(),
  scope: z.enum(['qps', 'concurrency', 'day', 'writes', 'all', 'profile', 'entity', 'operation']).optional(),
  isSoft: z.boolean().optional(),
  isSlow: z.boolean().optional(),
  /** Pause when the reply itself names none. */
  waitMs: ms.optional(),
  result: z.enum(['DUPLICATE', 'SUPERSEDED']).optional(),
  /** Try the next configured secret once before this verdict stands. */
  nextSecret: z.boolean().optional(),
  /** Another session took the token: renew with jitter. */
  isDisplaced: z.boolean().optional(),
  /** What the station reads. The nation's own text may name people and is never kept. */
  says: z.string().min(1).optional(),
};

type VerdictFields = z.output<z.ZodObject<typeof verdictShape>>;

const QUOTA_SCOPES: readonly unknown[] = ['qps', 'concurrency', 'day', 'writes', 'all'];
const HALT_SCOPES: readonly unknown[] = ['profile', 'entity', 'operation'];

function isComplete(rule: VerdictFields): boolean {
  if (rule.class === 'QUOTA') return QUOTA_SCOPES.includes(rule.scope) && rule.waitMs !== undefined;
  if (rule.class === 'HALT') return HALT_SCOPES.includes(rule.scope);
  if (rule.class === 'DONE') return rule.result !== undefined;
  return true;
}

const completeness = { error: 'QUOTA needs scope and waitMs, HALT a scope, DONE a result' };
const CodeRuleSchema = z.strictObject(verdictShape).refine(isComplete, completeness);
const MessageRuleSchema = z
  .strictObject({
    id: z.string().min(1),
    pattern,
    /** Codes that are clear enough by themselves, whatever their text says. */
    unlessCodes: z.array(z.string()).default([]),
    ...verdictShape,
  })
  .refine(isComplete, completeness);
const HttpRuleSchema = z
  .strictObject({
    id: z.string().min(1),
    /** `502` or `5xx`; absent = any. */
    statuses: z.array(z.string().regex(/^[1-5](\d\d|xx)$/)).optional(),
    bodyPattern: pattern.optional(),
    ...verdictShape,
  })
  .refine(isComplete, completeness);

const ErrorsSchema = z.strictObject({
  /** Only for replies that are no envelope with a valid signature; first match wins. */
  http: z.array(HttpRuleSchema),
  messages: z.array(MessageRuleSchema),
  codes: z.record(z.string(), CodeRuleSchema),
  defaultWrite: ruleClass,
  defaultRead: ruleClass,
  /** Finds a national id in a message that names it only there (F15). */
  idInMessage: pattern.optional(),
});

const TransportSchema = z.strictObject({
  /** Until the connection stands; nothing has been sent before. */
  connectMs: count,
  /** Total time of one call with everything in it: token, resend, last byte. One figure stands for all four. */
  deadlineMs: z.union([
    z.strictObject({ write: count, read: count, token: count, time: count }),
    count.transform((all) => ({ write: all, read: all, token: all, time: all })),
  ]),
  /** Idle sockets are dropped by us before the peer drops them (F58). */
  keepAliveIdleMs: count,
  /** Cap of a reply, before and after one decoding (F11). */
  maxBodyBytes: count,
  userAgent: z.string().min(1),
});

const CredentialsSchema = z.strictObject({
  tokenPath: z.string().startsWith('/'),
  tokenRequest: z.record(z.string(), z.string()),
  /** A token is renewed this long before it ends. */
  refreshLeadMs: ms,
  displacedJitterMs: ms,
  /** Tokens refused within `youngTokenMs` of their issue before renewing backs off (F24, F25). */
  maxYoungRenewals: count,
  youngTokenMs: count,
  backoffMs: z.strictObject({ first: count, max: count }),
  /** Consecutive failures after which it is a soft halt instead of a retry. */
  haltAfterFailures: count,
});

const SigningSchema = z.strictObject({
  /** Signer of `plugins/`. */
  signer: z.string().min(1),
  contractHeader: z.string().min(1),
  nonceBytes: z.int().min(8).max(32),
  /** Codes whose reply may lack a checkable signature (A4). */
  uncheckedCodes: z.array(z.string()),
});

/** How the nation signs what it sends to us (§1.16 G5). */
const CallbacksSchema = z.strictObject({ signer: z.string().min(1), toleranceMs: count });

const ClockSchema = z.strictObject({
  timePath: z.string().startsWith('/'),
  /** A claimed offset beyond this is not believed. */
  maxOffsetMs: count,
  /** Offsets beyond this are logged. */
  alertOffsetMs: count,
});

const EnvelopeSchema = z.strictObject({
  codePath: dottedPath,
  messagePath: dottedPath,
  payloadPath: dottedPath,
  detailPath: dottedPath,
  serverTimePath: dottedPath,
  /** Numeric codes are padded to this width (F41). */
  codeWidth: count,
  emptySentinels: z.array(z.string()),
});

const PathsSchema = z.strictObject({
  single: z.string().startsWith('/'),
  batch: z.string().startsWith('/'),
  lookup: z.string().startsWith('/'),
  receipt: z.string().startsWith('/'),
  receiptByClient: z.string().startsWith('/'),
  certificate: z.string().startsWith('/'),
  status: z.string().startsWith('/'),
});

/** What is asked of the nation and how much of it at once. */
const LimitsSchema = z.strictObject({
  /** Only until `/sys/status` has answered (G-76). */
  defaultConcurrency: count,
  lookupKeys: count,
  receiptPageSize: count,
  receiptMaxPages: count,
  /** Wait before asking again when writes are closed and no opening time is known. */
  closedProbeMs: count,
});

/** How long the profile or an operation rests after a HALT before it is tried again by itself. */
const HaltsSchema = z.strictObject({
  /** A filter page, a login page, tokens that do not come. */
  softMs: count,
  /** A key, a right, an address: somebody has to act. */
  hardMs: count,
});

const ConsistencySchema = z.strictObject({
  readAfterWriteMs: ms,
  maxCommitLatencyMs: ms,
});

const PollingSchema = z.strictObject({
  receiptPollMs: count,
  reviewPollMs: count,
  reviewPollMaxMs: count,
  certificatePollMs: count,
  certificatePollMaxMs: count,
});

const RulesSchema = z.strictObject({
  reviewedKinds: z.array(z.string()),
  /** Kind whose review is `realNameStatus` instead of `auditStatus`. */
  realNameKinds: z.array(z.string()),
  /** Kind that is answered `accepted` and polled as a certificate. */
  certificateKind: z.string().nullable(),
  guardianRequiredUnder: z.int().nonnegative(),
  maxCertificateRecords: count,
  maxRecordAgeDays: count,
});

const CorrectionsSchema = z.strictObject({
  correctsKinds: z.array(z.string()),
  defaultCorrectReason: z.string().min(1),
  defaultVoidReason: z.string().min(1),
  maxReasonLength: count,
});

export const ProfileSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  contractVersion: z.string().min(1),
  transport: TransportSchema,
  credentials: CredentialsSchema,
  signing: SigningSchema,
  encryption: z.strictObject({ prefix: z.string() }),
  callbacks: CallbacksSchema,
  clock: ClockSchema,
  envelope: EnvelopeSchema,
  paths: PathsSchema,
  limits: LimitsSchema,
  halts: HaltsSchema,
  consistency: ConsistencySchema,
  polling: PollingSchema,
  rules: RulesSchema,
  corrections: CorrectionsSchema,
  /** One answer per record kind: a binding, or said on purpose `unsupported`. */
  entities: z.record(z.string(), z.union([EntitySchema, z.literal('unsupported')])),
  errors: ErrorsSchema,
});

export type ProfileSpec = z.output<typeof ProfileSchema>;
export type FieldBinding = z.output<typeof FieldBindingSchema>;
export type EntityBinding = z.output<typeof EntitySchema>;
export type VerdictRule = VerdictFields;
export type RuleClass = (typeof RULE_CLASSES)[number];
export type ErrorsSpec = z.output<typeof ErrorsSchema>;
