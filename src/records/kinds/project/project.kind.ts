import { defineRecordKind } from '../../record-kind.js';
import { daysInOrder, insideHomeArea } from '../rules.js';
import { screenedFor } from '../volunteer-service-screen.js';
import { projectSchema } from './project.schema.js';

export const projectKind = defineRecordKind({
  name: 'project',
  label: { zh: '志愿服务项目', en: 'Project' },
  schema: projectSchema,
  references: (data) => [
    { kind: 'team', sourceId: data.teamId, pointer: '/data/teamId', role: 'context' },
    { kind: 'station', sourceId: data.stationId, pointer: '/data/stationId', role: 'other' },
  ],
  personalFields: ['contactName', 'contactMobile'],
  naturalKey: (data) => [data.teamId, data.name, data.startOn],
  rules: [insideHomeArea('areaCode'), daysInOrder('startOn', 'endOn'), screenedFor('name', 'intro')],
  county: { from: 'own', field: 'areaCode' },
  lane: 'normal',
  examples: [
    {
      name: '高原暖冬助老',
      teamId: 'team-1',
      stationId: 'station-1',
      areaCode: '533401101003',
      serviceFields: ['0017'],
      serviceObjects: ['03', '11'],
      startOn: '2026-11-01',
      endOn: '2027-02-28',
      address: '测试社区',
      contactName: '测试乙',
      contactMobile: '13900000031',
      recruitCount: 20,
      insurance: '志愿者意外险',
      intro: '冬季上门看望独居老人，帮助清扫积雪、采买生活用品。',
      status: 'OPEN',
    },
    {
      name: '湿地环境保护',
      teamId: 'team-2',
      stationId: 'station-2',
      areaCode: '533401101000',
      serviceFields: ['0006'],
      serviceObjects: ['11'],
      startOn: '2026-10-01',
      endOn: '2026-10-01',
      address: '测试湿地',
      contactName: '扎西·次仁',
      contactMobile: '13900000032',
      intro: '清理湿地周边垃圾，劝导文明游览。',
      status: 'CLOSED',
    },
  ],
});
