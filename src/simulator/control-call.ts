// One call of the control port, as its operations see it.
import type { Readable } from 'node:stream';
import type { Nation } from './nation.js';

export interface ControlCall {
  nation: Nation;
  query: URLSearchParams;
  /** Rest of the path after the verb's own part. */
  argument: string;
  text: string;
}

/** A stream is sent as NDJSON, everything else as JSON. */
export type Answer = object | Readable;
export type Control = (call: ControlCall) => Answer | Promise<Answer>;

export const bodyOf = <T>(call: ControlCall): T => (call.text.trim() === '' ? {} : JSON.parse(call.text)) as T;
