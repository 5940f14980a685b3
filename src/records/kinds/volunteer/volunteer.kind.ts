import { defineRecordKind } from '../../record-kind.js';
import { volunteerExamples } from './volunteer.examples.js';
import { volunteerRules } from './volunteer.rules.js';
import { volunteerSchema } from './volunteer.schema.js';

export const volunteerKind = defineRecordKind({
  name: 'volunteer',
  label: { zh: '志愿者', en: 'Volunteer' },
  schema: volunteerSchema,
  references: () => [],
  // consent names who recorded it.
  personalFields: ['name', 'idNo', 'birthDate', 'mobile', 'guardian', 'consent'],
  naturalKey: (data) => [data.idType, data.idNo],
  rules: volunteerRules,
  county: { from: 'own', field: 'serviceAreaCode' },
  lane: 'normal',
  examples: volunteerExamples,
});
