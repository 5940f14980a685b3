import type { z } from 'zod';
import { defineRecordKind } from '../../record-kind.js';
import type { DoorRule } from '../../record-kind.js';
import { insideHomeArea, notAfterToday, refuse } from '../rules.js';
import { stationSchema } from './station.schema.js';

type Station = z.output<typeof stationSchema>;

/** G-39: only the social-work station of a township may stand for the township as a whole. */
const reachesVillage: DoorRule<Station> = (data) =>
  data.type !== 'TOWNSHIP_SW' && data.areaCode.endsWith('000') ? [refuse('FIELD_FORMAT', '/data/areaCode')] : [];

export const stationKind = defineRecordKind({
  name: 'station',
  label: { zh: '志愿服务站点', en: 'Volunteer station' },
  schema: stationSchema,
  references: () => [],
  personalFields: ['managers'],
  naturalKey: (data) => [data.areaCode, data.name],
  rules: [insideHomeArea('areaCode'), reachesVillage, notAfterToday('openedOn')],
  county: { from: 'own', field: 'areaCode' },
  lane: 'normal',
  examples: [
    {
      name: '建塘镇测试社区志愿服务站',
      type: 'COMMUNITY',
      areaCode: '533401101003',
      address: '测试路1号',
      hostOrgName: '测试社区居民委员会',
      uscc: '91350100M000100Y43',
      managers: [
        { name: '测试甲', mobile: '13900000001', fullTime: true },
        { name: '扎西·次仁', mobile: '13900000002' },
      ],
      longitude: 99.706,
      latitude: 27.829,
      openedOn: '2023-06-01',
      facilities: ['接待台', '急救箱'],
      status: 'ACTIVE',
    },
    {
      name: '建塘镇测试社会工作服务站',
      type: 'TOWNSHIP_SW',
      areaCode: '533401101000',
      address: '测试路2号',
      hostOrgName: '建塘镇人民政府',
      managers: [{ name: '测试乙', mobile: '13900000003', fullTime: false }],
      openedOn: '2022-03-01',
      status: 'ACTIVE',
    },
    {
      name: '升平镇测试村新时代文明实践站',
      type: 'CIVILIZATION_PRACTICE',
      areaCode: '533422101201',
      address: '测试村委会',
      hostOrgName: '测试村村民委员会',
      managers: [{ name: '测试丙', mobile: '13900000004' }],
      openedOn: '2024-01-15',
      status: 'ACTIVE',
    },
    {
      name: '保和镇测试学雷锋志愿服务站',
      type: 'LEIFENG',
      areaCode: '533423101002',
      address: '测试广场东侧',
      hostOrgName: '测试社区居民委员会',
      managers: [{ name: '测试丁', mobile: '13900000005' }],
      openedOn: '2021-03-05',
      status: 'SUSPENDED',
    },
  ],
});
