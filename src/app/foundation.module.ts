import { Global, Module, type DynamicModule } from '@nestjs/common';
import { CLOCK, DATABASE, IDS, LOGGER, SETTINGS, VAULT } from '../platform/tokens.js';
import type { Foundation } from './foundation.js';

interface Provided {
  readonly provide: symbol;
  readonly useValue: unknown;
}

/** Hands the foundation to every Nest module of a process. */
@Global()
@Module({})
export class FoundationModule {
  static of(foundation: Foundation, more: readonly Provided[] = []): DynamicModule {
    const providers: Provided[] = [
      { provide: DATABASE, useValue: foundation.database },
      { provide: VAULT, useValue: foundation.vault },
      { provide: IDS, useValue: foundation.ids },
      { provide: CLOCK, useValue: foundation.clock },
      { provide: LOGGER, useValue: foundation.logger },
      { provide: SETTINGS, useValue: foundation.settings },
      ...more,
    ];
    return { module: FoundationModule, providers, exports: providers.map((provider) => provider.provide) };
  }
}
