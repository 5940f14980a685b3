import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { messageTemplate } from '../records/index.js';
import { fingerprintOf, type Cause } from './fingerprint.js';

interface Labelled {
  readonly cause: string;
  readonly kind: string;
  readonly op: 'upsert' | 'void';
  readonly code: string;
  readonly message: string;
  readonly fields: readonly { path: string; rule?: string }[];
}

const corpus = readFileSync(
  join(__dirname, '..', '..', 'test', 'fixtures', 'national-answers', 'labelled.jsonl'),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Labelled);

const causeOf = ({ kind, op, code, message, fields }: Labelled): Cause => ({
  aspect: 'failure',
  kind,
  op,
  code,
  template: messageTemplate(message),
  fields: fields.map(({ path, rule }) => (rule ? `${path}:${rule}` : path)),
});

/** Group → label → how many. */
function groups(answers: readonly Labelled[]): Map<string, Map<string, number>> {
  const found = new Map<string, Map<string, number>>();
  for (const answer of answers) {
    const { id } = fingerprintOf(causeOf(answer));
    const labels = found.get(id) ?? new Map<string, number>();
    found.set(id, labels.set(answer.cause, (labels.get(answer.cause) ?? 0) + 1));
  }
  return found;
}

const MOST_PROBLEMS = 15;

describe('the labelled national answers', () => {
  const labels = new Set(corpus.map(({ cause }) => cause));

  it('are at least 200 of at least 12 causes', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(200);
    expect(labels.size).toBeGreaterThanOrEqual(12);
  });

  it('become at most 15 problems of which at least 99 % holds one cause', () => {
    const found = groups(corpus);
    const shown = [...found.values()].map((counts) => Object.fromEntries(counts));
    const pure = [...found.values()].reduce((sum, counts) => sum + Math.max(...counts.values()), 0);
    expect({ shown, isFew: found.size <= MOST_PROBLEMS }).toEqual({ shown, isFew: true });
    expect(pure / corpus.length).toBeGreaterThanOrEqual(0.99);
  });

  it('keep every cause apart: no label is lost in another problem', () => {
    const heads = [...groups(corpus).values()].map(
      (counts) => [...counts.entries()].sort((a, b) => b[1] - a[1])[0]?.[0],
    );
    expect(new Set(heads)).toEqual(labels);
  });
});

describe('a fingerprint', () => {
  const base: Cause = {
    aspect: 'failure',
    kind: 'project',
    op: 'upsert',
    code: '2201',
    template: '/',
    fields: ['name'],
  };
  const id = (change: Partial<Cause>): string => fingerprintOf({ ...base, ...change }).id;

  it('is versioned', () => {
    expect(id({})).toMatch(/^v1:[0-9a-f]{64}$/);
  });

  it.each<[string, Partial<Cause>]>([
    ['operation', { op: 'void' }],
    ['kind', { kind: 'team' }],
    ['code', { code: '2202' }],
    ['template', { template: 'missing/' }],
    ['field', { fields: ['intro'] }],
    ['rule', { fields: ['name:required'] }],
    ['aspect', { aspect: 'warning' }],
  ])('tells another %s apart', (_what, change) => {
    expect(id(change)).not.toBe(id({}));
  });

  it('does not depend on the order, wrapping or places of fields', () => {
    const fields = ['data.posts[2].need', '/items/17/data/name'];
    expect(id({ fields })).toBe(id({ fields: ['name', 'posts.need'] }));
    expect(id({ fields: [...fields].reverse() })).toBe(id({ fields }));
  });

  it('of a code that says it all ignores words and fields', () => {
    expect(id({ code: '2203' })).toBe(id({ code: '2203', template: 'mismatch/name', fields: [] }));
    expect(id({ code: 'AUDIT_FAILED' })).toBe(id({ code: 'AUDIT_FAILED', template: 'x/y', fields: [] }));
  });
});

describe('a template', () => {
  const VARIABLE = fc.oneof(
    fc.stringMatching(/^[0-9]{1,18}$/),
    fc.constantFrom('扎西', '卓玛', '鲁茸取追', '２０２５', 'ZQ0a91', '2025-03-07', '13900000021', '\uFFFD'),
  );

  it('is the same whatever values stand in the sentence', () => {
    fc.assert(
      fc.property(VARIABLE, VARIABLE, (a, b) => {
        expect(messageTemplate(`姓名${a}与证件号码${b}不一致`)).toBe('mismatch/id-number');
        expect(messageTemplate(`与记录${a}时间重叠（${b}）`)).toBe(messageTemplate('与记录时间重叠'));
      }),
    );
  });

  it('is of a closed vocabulary: nothing of any text gets through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        expect(messageTemplate(text)).toMatch(/^[a-z-]*\/[a-z-]*$/);
        expect(messageTemplate(`“${text.replaceAll(/[”"」』》】\]>]/g, '')}”格式错误`)).toBe('format/');
      }),
    );
  });
});
