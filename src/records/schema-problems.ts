import type { z } from 'zod';
import { isCatalogueCode } from './catalogue/catalogue.js';
import type { CatalogueCode, SentenceParams } from './catalogue/catalogue.js';
import type { ItemProblem } from './catalogue/problem.js';
import { safePointer } from './text.js';

type Issue = z.core.$ZodIssue;

/**
 * What a kind's schema found, in the door's codes.
 *
 * Shape    issues of `data`, and `data` itself to tell a missing value from a wrong one → problems with
 *          pointers from the item
 * Promise  no value of the data is repeated; at most `limit` problems
 * Source   G-05, G-07, G-29; the messages of zod are not used
 */
export function schemaProblems(issues: readonly Issue[], data: unknown, limit: number): ItemProblem[] {
  const problems: ItemProblem[] = [];
  for (const issue of issues) {
    if (problems.length >= limit) break;
    if (issue.code === 'unrecognized_keys') problems.push(...unknownFields(issue, limit - problems.length));
    else problems.push(problemOf(issue, data));
  }
  return problems;
}

function unknownFields(issue: Extract<Issue, { code: 'unrecognized_keys' }>, limit: number): ItemProblem[] {
  return issue.keys
    .slice(0, limit)
    .map((key) => ({ code: 'FIELD_UNKNOWN', pointer: safePointer(['data', ...issue.path, key]) }));
}

function problemOf(issue: Issue, data: unknown): ItemProblem {
  const value = valueAt(data, issue.path);
  const code = codeOf(issue, value);
  const params = code === 'FIELD_REQUIRED' ? undefined : paramsOf(issue, code);
  const pointer = safePointer(['data', ...issue.path]);
  return params === undefined ? { code, pointer } : { code, pointer, params };
}

function codeOf(issue: Issue, value: unknown): CatalogueCode {
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_union':
      return value === undefined ? 'FIELD_REQUIRED' : 'FIELD_TYPE';
    case 'invalid_value':
      if (value === undefined) return 'FIELD_REQUIRED';
      // Every code and word of the contract is text; a number in its place is text written without quotes.
      return typeof value === 'string' ? 'CODE_UNKNOWN' : 'FIELD_TYPE';
    case 'too_small':
    case 'too_big':
    case 'not_multiple_of':
      return 'FIELD_RANGE';
    case 'unrecognized_keys':
      return 'FIELD_UNKNOWN';
    case 'custom':
      return customCode(issue.params);
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_element':
      return 'FIELD_FORMAT';
  }
}

/** A schema's own check names its code in `params`; without one it can only be about the form. */
function customCode(params: Readonly<Record<string, unknown>> | undefined): CatalogueCode {
  const code = params?.code;
  return typeof code === 'string' && isCatalogueCode(code) ? code : 'FIELD_FORMAT';
}

function paramsOf(issue: Issue, code: CatalogueCode): SentenceParams | undefined {
  if (issue.code === 'too_small') return { min: Number(issue.minimum) };
  if (issue.code === 'too_big') return { max: Number(issue.maximum) };
  if (issue.code === 'invalid_type') return { expected: issue.expected };
  if (issue.code === 'invalid_format') return { expected: issue.format };
  return code === 'FIELD_TYPE' && issue.code === 'invalid_value' ? { expected: 'string' } : undefined;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[name];
  }
  return value;
}
