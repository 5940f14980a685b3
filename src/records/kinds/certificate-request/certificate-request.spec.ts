import { findings, issues } from '../kind-spec-support.js';
import type { Change } from '../kind-spec-support.js';
import { certificateRequestKind } from './certificate-request.kind.js';

describe('certificate-request', () => {
  it.each<[string, Change, string[]]>([
    ['as it is', {}, []],
    ['one day', { periodTo: '2026-01-01' }, []],
    ['ends before it begins (G-79)', { periodTo: '2025-12-31' }, ['refuse FIELD_RANGE /data/periodTo']],
    ['two records', { serviceRecordIds: ['a', 'b'] }, []],
    ['a record twice', { serviceRecordIds: ['a', 'b', 'a'] }, ['refuse FIELD_RANGE /data/serviceRecordIds/2']],
  ])('%s', (_title, change, expected) => {
    expect(findings(certificateRequestKind, change)).toEqual(expected);
  });

  it.each<[string, Change, string[]]>([
    ['no ids named in the list', { serviceRecordIds: [] }, ['too_small serviceRecordIds']],
    ['no handler', { handler: undefined }, ['invalid_type handler']],
    ['purpose of 201', { purpose: '用'.repeat(201) }, ['too_big purpose']],
    ['contact of 500', { contact: '联'.repeat(500) }, []],
  ])('%s', (_title, change, expected) => {
    expect(issues(certificateRequestKind, change)).toEqual(expected);
  });

  it('goes in the lane of certificates and refers to the volunteer alone (G-52)', () => {
    expect(certificateRequestKind.lane).toBe('certificate');
    const refs = certificateRequestKind.references(certificateRequestKind.examples[1] ?? {});
    expect(refs.map((ref) => ref.kind)).toEqual(['volunteer']);
  });
});
