import type { AuthorisedCaller } from './call/authorised-caller.js';
import type { NationalClock } from './call/national-clock.js';
import type { Random, GatewayLogger } from './ports.js';
import type { Profile } from './profile/profile-loader.js';
import type { EntityBinding } from './profile/profile.schema.js';
import type { BatchLimit } from './replies/batch-limit.js';
import type { ItemTools } from './replies/item-outcomes.js';
import type { OutcomeContext } from './replies/outcome-of.js';
import type { FieldCodec } from './plugins/plugin.js';

/** What the gateway's methods share; built once by `createGateway`. */
export interface GatewayParts {
  readonly profile: Profile;
  readonly caller: AuthorisedCaller;
  readonly nationalClock: NationalClock;
  readonly items: ItemTools;
  readonly limits: BatchLimit;
  readonly codecs: ReadonlyMap<string, FieldCodec>;
  readonly random: Random;
  readonly logger: GatewayLogger;
  contextOf(kind: string | null, isBatch?: boolean): OutcomeContext;
  /** Throws for kinds that the profile does not support: such a record must never get here. */
  bindingOf(kind: string): EntityBinding;
}

/** Fills `{name}` in a path of the profile. */
export function fillPath(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{([A-Za-z]+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}
