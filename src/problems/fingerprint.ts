import { createHash } from 'node:crypto';
import { fieldSignature, TEMPLATE_VERSION } from '../records/index.js';

/**
 * What makes two failures one problem; pure and versioned. Another rule of grouping is another version: what an older
 * one grouped stays as it is, and its problems end by themselves when their records heal.
 */

/** `failure` = the record is in `attention`; `warning` = it was taken, and a person should look at it. */
export type Aspect = 'failure' | 'warning';

export interface Cause {
  readonly aspect: Aspect;
  readonly kind: string;
  readonly op: 'upsert' | 'void';
  /** National code, or one of ours (`AUDIT_FAILED`, `R67-10`). */
  readonly code: string;
  /** Of the national sentence, see `messageTemplate`; null = not known. */
  readonly template: string | null;
  /** Paths or `path:rule` of the fields that the answer names, in any order and form. */
  readonly fields: readonly string[];
}

/** What a problem is grouped by, so that a page can say why. */
export interface Basis {
  readonly aspect: Aspect;
  readonly kind: string;
  readonly op: 'upsert' | 'void';
  readonly code: string;
  readonly template: string;
  readonly fields: readonly string[];
}

export interface Fingerprint {
  /** `v1:` and a SHA-256 in hexadecimal. */
  readonly id: string;
  readonly basis: Basis;
}

const VERSION = `v${TEMPLATE_VERSION}`;

/**
 * Codes that name one cause alone: whatever words and fields came with them, they are one problem. All others
 * (2201 "field validation", 2014 "certified, archived or has children", codes nobody has heard of) are told apart by
 * the fields named, and by the template where the fields say no rule.
 */
const SAY_IT_ALL = new Set([
  '2002', '2003', '2010', '2011', '2012', '2013', '2105', '2203', '2204', '2206', '2211', '2301', '2303',
]); // prettier-ignore
const isNational = (code: string): boolean => !/^[A-Z]{2}|^[A-Z]\d+-/.test(code);

/** Codes about single fields: what these say counts before the words of the sentence. */
const ABOUT_FIELDS = new Set(['2201', '2202']);
/** Complaints of `messageTemplate` that name a cause alone, whether or not a field comes with them. */
const TELLING = new Set([
  'overlap', 'certified', 'archived', 'has-children', 'outside-area', 'too-old', 'in-future', 'day-limit',
  'longer-than-interval', 'real-name', 'blocked', 'sensitive-words',
]); // prettier-ignore

export function fingerprintOf(cause: Cause): Fingerprint {
  const { aspect, kind, op, code } = cause;
  const { template, fields } = distinguishing(cause);
  const basis: Basis = { aspect, kind, op, code, template, fields };
  const text = JSON.stringify([VERSION, aspect, kind, op, code, template, fields]);
  return { id: `${VERSION}:${createHash('sha256').update(text, 'utf8').digest('hex')}`, basis };
}

type Distinguishing = Pick<Basis, 'template' | 'fields'>;

function distinguishing(cause: Cause): Distinguishing {
  if (saysItAll(cause)) return { template: '', fields: [] };
  const fields = signaturesOf(cause.fields);
  const [complaint = '', subject = ''] = (cause.template ?? '/').split('/');
  const byFields: Distinguishing | null = isRuled(fields) ? { template: '', fields } : null;
  const byWords: Distinguishing | null = TELLING.has(complaint) ? { template: `${complaint}/`, fields: [] } : null;
  const clear = ABOUT_FIELDS.has(cause.code) ? (byFields ?? byWords) : (byWords ?? byFields);
  if (clear) return clear;
  // Fields alone need the complaint; without fields the subject is needed too.
  return { template: fields.length > 0 ? `${complaint}/` : `${complaint}/${subject}`, fields };
}

/** Our own failures have one sentence each; a warning is told apart by where it points. */
const saysItAll = ({ aspect, code }: Cause): boolean =>
  SAY_IT_ALL.has(code) || (aspect === 'failure' && !isNational(code));

const isRuled = (fields: readonly string[]): boolean => fields.length > 0 && fields.every((one) => one.includes(':'));

/** With a rule beside a field its bare name says no more. */
function signaturesOf(fields: readonly string[]): string[] {
  const signed = fields.flatMap((field) => {
    const [path = '', rule = ''] = field.split(/[:|]/);
    return fieldSignature(path, rule) ?? [];
  });
  const unique = [...new Set(signed)].sort();
  const withRule = new Set(unique.filter((one) => one.includes(':')).map((one) => one.split(':')[0]));
  return unique.filter((one) => one.includes(':') || !withRule.has(one));
}
