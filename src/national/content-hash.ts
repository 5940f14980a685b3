import { createHash } from 'node:crypto';
import { normalised } from './profile/field-map.js';

/** One line of a certificate's frozen set (§1.13). */
export interface CertificateLine {
  readonly bizNo: string;
  readonly version: number;
  readonly minutes: number;
}

const sha256Hex = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/**
 * RFC 8785 form: keys in UTF-16 order, numbers and strings as ECMAScript writes them.
 * Own code on purpose: it is twenty lines, and the simulator must not share it (house, walls).
 */
export function canonicalForm(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((entry: unknown) => canonicalForm(entry)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalForm(member)}`);
  return `{${members.join(',')}}`;
}

/**
 * Lower-case hex content hash of national data with personal values in plain text (§1.5): nulls dropped at every
 * depth, every string NFC, RFC 8785, SHA-256.
 */
export function contentHashOf(plainNationalData: Readonly<Record<string, unknown>>): string {
  return sha256Hex(canonicalForm(normalised(plainNationalData)));
}

/** hex SHA-256 of the sorted lines `bizNo|version|minutes\n` (§1.13). */
export function recordsHash(lines: readonly CertificateLine[]): string {
  const written = lines.map((line) => Buffer.from(`${line.bizNo}|${line.version}|${line.minutes}\n`, 'utf8'));
  return sha256Hex(Buffer.concat(written.sort((left, right) => Buffer.compare(left, right))));
}
