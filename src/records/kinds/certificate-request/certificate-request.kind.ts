import type { z } from 'zod';
import { defineRecordKind } from '../../record-kind.js';
import type { DoorRule } from '../../record-kind.js';
import { daysInOrder, refuse } from '../rules.js';
import { certificateRequestSchema } from './certificate-request.schema.js';

type CertificateRequest = z.output<typeof certificateRequestSchema>;

/** R67-21: a record named twice would count its hours twice. */
const recordsAreUnique: DoorRule<CertificateRequest> = (data) => {
  const seen = new Set<string>();
  return (data.serviceRecordIds ?? []).flatMap((id, index) => {
    if (seen.has(id)) return [refuse('FIELD_RANGE', `/data/serviceRecordIds/${index}`)];
    seen.add(id);
    return [];
  });
};

export const certificateRequestKind = defineRecordKind({
  name: 'certificate-request',
  label: { zh: '志愿服务记录证明申请', en: 'Certificate request' },
  schema: certificateRequestSchema,
  // Its service records are no references: the set is frozen by the certificate's own rules (G-52).
  references: (data) => [
    { kind: 'volunteer', sourceId: data.volunteerId, pointer: '/data/volunteerId', role: 'subject' },
  ],
  personalFields: ['responsiblePerson', 'handler', 'contact'],
  // Nationally the hash of the frozen records belongs to it (national-contract §1.7); the door knows only what was asked.
  naturalKey: (data) => [
    data.volunteerId,
    data.periodFrom,
    data.periodTo,
    data.serviceRecordIds === undefined ? null : [...data.serviceRecordIds].sort(),
  ],
  rules: [daysInOrder('periodFrom', 'periodTo'), recordsAreUnique],
  county: { from: 'ref', field: 'volunteerId' },
  lane: 'certificate',
  examples: [
    {
      volunteerId: 'volunteer-1',
      periodFrom: '2026-01-01',
      periodTo: '2026-11-30',
      purpose: '升学',
      issuerOrgName: '测试社区居民委员会',
      responsiblePerson: '测试乙',
      handler: '测试丁',
      contact: '13900000041',
    },
    {
      volunteerId: 'volunteer-1',
      periodFrom: '2026-11-20',
      periodTo: '2026-11-20',
      serviceRecordIds: ['service-record-1'],
      issuerOrgName: '测试社区居民委员会',
      responsiblePerson: '测试乙',
      handler: '扎西·次仁',
      contact: '办公室 0887-0000000',
    },
  ],
});
