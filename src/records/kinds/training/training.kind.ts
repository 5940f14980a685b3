import { defineRecordKind } from '../../record-kind.js';
import { notAfterToday } from '../rules.js';
import { trainingSchema } from './training.schema.js';

/** Its minutes are hours of learning, never of service: the kind has no `minutes` for the totals. */
export const trainingKind = defineRecordKind({
  name: 'training',
  label: { zh: '培训情况', en: 'Training' },
  schema: trainingSchema,
  references: (data) => [
    { kind: 'volunteer', sourceId: data.volunteerId, pointer: '/data/volunteerId', role: 'subject' },
  ],
  personalFields: [],
  naturalKey: () => [],
  rules: [notAfterToday('heldOn')],
  county: { from: 'ref', field: 'volunteerId' },
  lane: 'normal',
  examples: [
    {
      volunteerId: 'volunteer-1',
      name: '急救知识培训',
      content: '心肺复苏与外伤包扎',
      minutes: 120,
      hostUnit: '测试红十字会',
      heldOn: '2026-11-10',
      type: 'PROFESSIONAL',
    },
    {
      volunteerId: 'volunteer-2',
      name: '志愿者通识',
      content: '志愿服务条例与礼仪',
      minutes: 60,
      hostUnit: '测试社区邻里互助队',
      heldOn: '2026-11-05',
    },
  ],
});
