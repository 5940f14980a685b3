import type { z } from 'zod';
import { defineRecordKind } from '../../record-kind.js';
import type { RecordRef } from '../../record-kind.js';
import { exactlyOne, notAfterToday } from '../rules.js';
import { commendationSchema } from './commendation.schema.js';

type Commendation = z.output<typeof commendationSchema>;

/** Whoever was commended is the subject, be it a person or a team. */
function references(data: Commendation): readonly RecordRef[] {
  const refs: RecordRef[] = [];
  if (data.volunteerId !== undefined) {
    refs.push({ kind: 'volunteer', sourceId: data.volunteerId, pointer: '/data/volunteerId', role: 'subject' });
  }
  if (data.teamId !== undefined) {
    refs.push({ kind: 'team', sourceId: data.teamId, pointer: '/data/teamId', role: 'context' });
  }
  return refs;
}

export const commendationKind = defineRecordKind({
  name: 'commendation',
  label: { zh: '表彰奖励', en: 'Commendation' },
  schema: commendationSchema,
  references,
  personalFields: [],
  naturalKey: () => [],
  rules: [exactlyOne('volunteerId', 'teamId'), notAfterToday('awardedOn')],
  // Of a team's commendation the field is absent and the county is that of its only reference.
  county: { from: 'ref', field: 'volunteerId' },
  lane: 'normal',
  examples: [
    {
      volunteerId: 'volunteer-1',
      name: '优秀志愿者',
      awardedOn: '2026-11-25',
      grantingUnit: '测试市民政局',
      documentNo: '测民发〔2026〕1号',
      level: '县级',
      evidence: [{ type: 'FILE', ref: 'awards/2026-1.pdf', sha256: 'cd'.repeat(32) }],
    },
    { teamId: 'team-1', name: '优秀志愿服务队', awardedOn: '2026-11-25', grantingUnit: '测试市民政局' },
  ],
});
