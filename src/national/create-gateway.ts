import type { NationalGateway, ProfileFacts } from './gateway.js';
import type { GatewayParts } from './gateway-parts.js';
import { createAuthorisedCaller } from './call/authorised-caller.js';
import { createSecrets } from './call/secrets.js';
import { createSignedCaller } from './call/signed-caller.js';
import { createTokenKeeper } from './call/token-keeper.js';
import { createWire } from './call/wire.js';
import { recordsHash } from './content-hash.js';
import { fieldCodecFactories, signerFactory } from './plugins/plugin-registry.js';
import type { FieldCodec } from './plugins/plugin.js';
import type { Clock, GatewayLogger, Random } from './ports.js';
import { prepareCall } from './prepare.js';
import { compileErrorRules } from './profile/error-rules.js';
import type { Profile } from './profile/profile-loader.js';
import type { ProfileSpec } from './profile/profile.schema.js';
import { createBatchLimit } from './replies/batch-limit.js';
import { readCertificate } from './replies/certificate.js';
import { lookUp } from './replies/lookup.js';
import { createOutcomeOf } from './replies/outcome-of.js';
import { readReceipt } from './replies/receipt.js';
import { readStatus } from './replies/status.js';
import { writePrepared } from './write-prepared.js';

/** Where the nation is and what we are to it. */
export interface NationalAccess {
  readonly baseUrl: string;
  readonly appKey: string;
  /** One secret, or `current,next` during a rotation. */
  readonly appSecret: string;
  /** hex key of the field encryption. */
  readonly fieldKeyHex: string;
}

export interface GatewaySettings extends NationalAccess {
  readonly profile: Profile;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: GatewayLogger;
}

/** Builds the gateway; throws when the settings cannot work (bad address, key or secret), never later. */
export function createGateway(settings: GatewaySettings): NationalGateway {
  const parts = assemble(settings);
  const { entities } = settings.profile.spec;
  const kindByPath = new Map<string, string>();
  for (const [kind, entity] of Object.entries(entities)) {
    if (entity !== 'unsupported') kindByPath.set(entity.path, kind);
  }
  return {
    facts: factsOf(settings.profile),
    entityOf: (kind) => parts.bindingOf(kind).path,
    kindOf: (entity) => kindByPath.get(entity) ?? null,
    prepare: (items, clientBatchNo) => prepareCall(parts, items, clientBatchNo),
    recordsHash,
    write: (call, mayLeave) => writePrepared(parts, call, mayLeave),
    receipt: (batchNo) => readReceipt(parts, { batchNo }),
    receiptByClientBatchNo: (clientBatchNo) => readReceipt(parts, { clientBatchNo }),
    lookup: (kind, bizNos) => lookUp(parts, kind, bizNos),
    certificate: (bizNo) => readCertificate(parts, bizNo),
    status: () => readStatus(parts),
    nationalNowMs: () => parts.nationalClock.nowMs(),
  };
}

function assemble(settings: GatewaySettings): GatewayParts {
  const { profile, clock, random, logger } = settings;
  const { spec } = profile;
  const errors = compileErrorRules(spec.errors);
  const signedCaller = createSignedCaller({
    spec, errors, clock, random, logger,
    endpoint: { baseUrl: new URL(settings.baseUrl).href, appKey: settings.appKey },
    secrets: createSecrets(settings.appSecret, signerFactory(spec.signing.signer)),
    wire: createWire(spec.transport, clock),
  }); // prettier-ignore
  const tokens = createTokenKeeper({ spec, caller: signedCaller, clock, random, logger });
  const nationalClock = signedCaller.clock;
  return {
    profile,
    random,
    logger,
    nationalClock,
    caller: createAuthorisedCaller({ spec, caller: signedCaller, tokens }),
    items: { errors, outcomeOf: createOutcomeOf(spec), codeWidth: spec.envelope.codeWidth },
    limits: createBatchLimit(),
    codecs: codecsOf(spec, settings.fieldKeyHex),
    contextOf: (kind, isBatch = false) => ({ kind, isBatch, nationalNowMs: nationalClock.nowMs() }),
    bindingOf: (kind) => {
      const binding = spec.entities[kind];
      if (!binding || binding === 'unsupported') throw new RangeError(`profile ${spec.id} does not carry kind ${kind}`);
      return binding;
    },
  };
}

function codecsOf(spec: ProfileSpec, keyHex: string): Map<string, FieldCodec> {
  const { prefix } = spec.encryption;
  return new Map([...fieldCodecFactories].map(([name, factory]) => [name, factory({ keyHex, prefix })]));
}

/** What other rooms decide by, straight from the profile. */
export function factsOf({ spec, profileHash, overridesHash }: Profile): ProfileFacts {
  const { deadlineMs } = spec.transport;
  return {
    id: spec.id,
    profileHash,
    overridesHash,
    readAfterWriteMs: spec.consistency.readAfterWriteMs,
    maxCommitLatencyMs: spec.consistency.maxCommitLatencyMs,
    callDeadlineMs: Math.max(deadlineMs.write, deadlineMs.read),
    reviewPollMs: spec.polling.reviewPollMs,
    reviewPollMaxMs: spec.polling.reviewPollMaxMs,
    certificatePollMs: spec.polling.certificatePollMs,
    certificatePollMaxMs: spec.polling.certificatePollMaxMs,
    guardianRequiredUnder: spec.rules.guardianRequiredUnder,
    defaultConcurrency: spec.limits.defaultConcurrency,
    defaultPollAfterMs: spec.polling.receiptPollMs,
    supportedKinds: Object.keys(spec.entities).filter((kind) => spec.entities[kind] !== 'unsupported'),
    reviewedKinds: spec.rules.reviewedKinds,
    maxCertificateRecords: spec.rules.maxCertificateRecords,
    maxRecordAgeDays: spec.rules.maxRecordAgeDays,
    correctsKinds: spec.corrections.correctsKinds,
  };
}
