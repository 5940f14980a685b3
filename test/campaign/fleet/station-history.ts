import type { StationItem, ItemAnswer } from '../../independent/station-types.js';

/**
 * `stations.ndjson`: what the stations did and were told. `ok` = a receipt, `fail` = a definite refusal of the whole
 * call, `info` = nobody can say (timeout, reset, 5xx). Written and synced before the next thing happens.
 */
export type StationEvent =
  | {
      readonly type: 'plan';
      readonly source: string;
      readonly kind: string;
      readonly sourceId: string;
      readonly fate: string;
      readonly codes: readonly string[];
    }
  | {
      readonly type: 'invoke';
      readonly id: number;
      readonly at: number;
      readonly source: string;
      readonly items: readonly StationItem[];
    }
  | {
      readonly type: 'ok';
      readonly id: number;
      readonly at: number;
      readonly items: readonly ItemAnswer[];
      /** Faults of the receipt: signature, digest. */
      readonly problems: readonly string[];
    }
  | { readonly type: 'fail'; readonly id: number; readonly at: number; readonly status: number; readonly code: string }
  | { readonly type: 'info'; readonly id: number; readonly at: number; readonly why: string }
  | {
      /** What was read of another's record, or of one's own feed, and should not have been seen (I19). */
      readonly type: 'trespass';
      readonly at: number;
      readonly source: string;
      readonly what: string;
    };
