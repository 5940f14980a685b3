import { CALL_CODES } from './call-codes.js';
import { ITEM_CODES } from './item-codes.js';

/** Everything that the door itself answers: about the call, and about each item. */
export const DOOR_CODES = { ...CALL_CODES, ...ITEM_CODES } as const;
