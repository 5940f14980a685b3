import { defineRecordKind } from '../../record-kind.js';
import { notAfterToday } from '../rules.js';
import { evaluationSchema } from './evaluation.schema.js';

export const evaluationKind = defineRecordKind({
  name: 'evaluation',
  label: { zh: '服务评价', en: 'Evaluation' },
  schema: evaluationSchema,
  references: (data) => [
    { kind: 'service-record', sourceId: data.serviceRecordId, pointer: '/data/serviceRecordId', role: 'context' },
  ],
  // Free words about one person.
  personalFields: ['text'],
  naturalKey: () => [],
  // R67-16 needs the activity's end, which the door may not know yet: it is judged later through dueAfterActivity.
  rules: [notAfterToday('evaluatedOn')],
  county: { from: 'ref', field: 'serviceRecordId' },
  dueAfterActivity: true,
  lane: 'normal',
  examples: [
    {
      serviceRecordId: 'service-record-1',
      punctuality: 5,
      attitude: 5,
      skill: 4,
      text: '准时到岗，耐心细致。',
      evaluatedOn: '2026-11-22',
    },
  ],
});
