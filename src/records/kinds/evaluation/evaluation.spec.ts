import { findings, issues } from '../kind-spec-support.js';
import type { Change } from '../kind-spec-support.js';
import { evaluationKind } from './evaluation.kind.js';

describe('evaluation', () => {
  it.each<[string, Change, string[]]>([
    ['today', { evaluatedOn: '2026-12-01' }, []],
    ['tomorrow (G-46)', { evaluatedOn: '2026-12-02' }, ['refuse FIELD_RANGE /data/evaluatedOn']],
  ])('%s', (_title, change, expected) => {
    expect(findings(evaluationKind, change)).toEqual(expected);
  });

  it.each<[string, Change, string[]]>([
    ['lowest', { punctuality: 1, attitude: 1, skill: 1 }, []],
    ['none', { punctuality: 0 }, ['too_small punctuality']],
    ['six', { attitude: 6 }, ['too_big attitude']],
    ['half', { skill: 4.5 }, ['invalid_type skill']],
    ['text of 301', { text: '评'.repeat(301) }, ['too_big text']],
    ['blank text', { text: '\n' }, ['too_small text']],
  ])('%s', (_title, change, expected) => {
    expect(issues(evaluationKind, change)).toEqual(expected);
  });
});
