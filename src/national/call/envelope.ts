import { valueAt } from '../profile/field-map.js';
import type { ProfileSpec } from '../profile/profile.schema.js';

type Members = Readonly<Record<string, unknown>>;

/** The national envelope (§1.3) with its tolerances applied. */
export interface Envelope {
  readonly code: string;
  /** As written, before padding: the reply's signature covers this. */
  readonly writtenCode: string;
  readonly message: string;
  readonly payload: Members;
  readonly detail: Members;
  /** Epoch ms of `serverTime`, null when absent or unreadable. */
  readonly serverTimeMs: number | null;
}

type EnvelopeSpec = ProfileSpec['envelope'];

/** null = not JSON, or JSON without the shape of an envelope; the content type is not asked (F09). */
export function parseEnvelope(text: string, spec: EnvelopeSpec): Envelope | null {
  const tree = parseLossless(text);
  if (!isMembers(tree)) return null;
  const written = valueAt(tree, spec.codePath);
  if (typeof written !== 'string' && typeof written !== 'number') return null;
  const message = valueAt(tree, spec.messagePath);
  return {
    code: typeof written === 'number' ? String(written).padStart(spec.codeWidth, '0') : written.trim(),
    writtenCode: String(written),
    message: typeof message === 'string' ? message : '',
    payload: membersOf(valueAt(tree, spec.payloadPath), spec),
    detail: membersOf(valueAt(tree, spec.detailPath), spec),
    serverTimeMs: instantOf(valueAt(tree, spec.serverTimePath)),
  };
}

/**
 * JSON with whole numbers beyond 2^53 kept as text (F42: a 19-digit id must not lose its last digits).
 * Strings are matched first, so digits inside them are left alone.
 */
export function parseLossless(text: string): unknown {
  const kept = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs, (token) => {
    const isUnsafe = /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token));
    return isUnsafe ? `"${token}"` : token;
  });
  try {
    return JSON.parse(kept) as unknown;
  } catch {
    return undefined;
  }
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `data` may be null, a sentinel text, or JSON written as a text (F41). */
function membersOf(value: unknown, spec: EnvelopeSpec): Members {
  if (isMembers(value)) return value;
  if (typeof value !== 'string' || spec.emptySentinels.includes(value)) return {};
  const inner = parseLossless(value);
  return isMembers(inner) ? inner : {};
}

export function instantOf(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const instant = Date.parse(value);
  return Number.isFinite(instant) ? instant : null;
}
