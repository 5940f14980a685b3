import type { DoorContext, Finding, RecordData, RecordKind } from '../record-kind.js';

/** What the kinds' specs share: a fixed clock, and each example changed in one place. */

export const NOW = '2026-12-01T10:00:00+08:00';

export function doorContext(change: Partial<DoorContext> = {}): DoorContext {
  return { now: new Date(NOW), today: '2026-12-01', homeArea: '5334', guardianRequiredUnder: 18, ...change };
}

/** Fields to overwrite in an example; undefined takes the field away, as a dropped null does (G-56). */
export type Change = Readonly<Record<string, unknown>>;

export function changed(kind: RecordKind, change: Change, example = 0): Record<string, unknown> {
  const merged = { ...kind.examples[example], ...change };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
}

/** Zod issues as `code path`, e.g. `too_small managers`; empty when the data fit the schema. */
export function issues(kind: RecordKind, change: Change, example = 0): string[] {
  const result = kind.schema.safeParse(changed(kind, change, example));
  return result.success ? [] : result.error.issues.map((issue) => describe(issue));
}

function describe(issue: { code?: string; path: PropertyKey[]; params?: unknown }): string {
  const own = (issue.params as { code?: string } | undefined)?.code;
  return [own ?? issue.code, issue.path.join('/')].filter((part) => part !== '').join(' ');
}

/** Findings of all rules as `level code pointer`; throws when the data do not fit the schema. */
export function findings(kind: RecordKind, change: Change, example = 0, context = doorContext()): string[] {
  const data: RecordData = kind.schema.parse(changed(kind, change, example));
  return allFindings(kind, data, context).map(({ level, code, pointer }) => `${level} ${code} ${pointer}`);
}

export function allFindings(kind: RecordKind, data: RecordData, context: DoorContext): readonly Finding[] {
  return kind.rules.flatMap((rule) => rule(data, context));
}
