import type { z } from 'zod';
import { defineRecordKind } from '../../record-kind.js';
import type { RecordRef } from '../../record-kind.js';
import { insideHomeArea, notAfterToday } from '../rules.js';
import { teamSchema } from './team.schema.js';

type Team = z.output<typeof teamSchema>;

/** G-62: a team waits for its leader too; volunteers refer to nothing, so no cycle arises. */
function references(data: Team): readonly RecordRef[] {
  const station: RecordRef = { kind: 'station', sourceId: data.stationId, pointer: '/data/stationId', role: 'context' };
  if (data.leaderVolunteerId === undefined) return [station];
  return [
    station,
    { kind: 'volunteer', sourceId: data.leaderVolunteerId, pointer: '/data/leaderVolunteerId', role: 'other' },
  ];
}

export const teamKind = defineRecordKind({
  name: 'team',
  label: { zh: '志愿服务队伍', en: 'Volunteer team' },
  schema: teamSchema,
  references,
  personalFields: ['contactName', 'contactMobile'],
  naturalKey: (data) => [data.stationId, data.name],
  rules: [insideHomeArea('areaCode'), notAfterToday('foundedOn')],
  county: { from: 'own', field: 'areaCode' },
  lane: 'normal',
  examples: [
    {
      name: '测试社区邻里互助队',
      stationId: 'station-1',
      type: 'COMMUNITY',
      areaCode: '533401101003',
      leaderVolunteerId: 'volunteer-1',
      contactName: '测试乙',
      contactMobile: '13900000011',
      foundedOn: '2023-07-15',
      serviceFields: ['0001', '0017'],
      intro: '邻里之间互相帮助。',
      status: 'ACTIVE',
    },
    {
      name: '测试志愿者协会',
      stationId: 'station-2',
      type: 'ORGANISATION',
      areaCode: '533401101000',
      contactName: '扎西·次仁',
      contactMobile: '13900000012',
      foundedOn: '2020-09-01',
      serviceFields: ['0006'],
      status: 'ACTIVE',
    },
    {
      name: '测试法人志愿服务队',
      stationId: 'station-3',
      type: 'LEGAL_PERSON',
      areaCode: '533422101201',
      contactName: '测试丁',
      contactMobile: '13900000013',
      foundedOn: '2019-05-04',
      serviceFields: ['0004', '0013', '0012', '0099'],
      status: 'CLOSED',
    },
  ],
});
