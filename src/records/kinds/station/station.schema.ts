import { z } from 'zod';
import { isUscc } from '../../uscc.js';
import { SHORT_NAME, TEXT_KEPT, TEXT_SENT, areaCode, date, list, memberState, mobile, text, word } from '../fields.js';

const managerSchema = z.strictObject({
  name: text(TEXT_SENT, 'Name of the manager'),
  mobile: mobile('Mobile number of the manager'),
  fullTime: z.boolean().optional().meta({ description: 'Whether the manager works full time' }),
});

/** 志愿服务站点 (station-contract §3). */
export const stationSchema = z
  .strictObject({
    name: text(SHORT_NAME, 'Name of the station'),
    type: word(['COMMUNITY', 'TOWNSHIP_SW', 'CIVILIZATION_PRACTICE', 'LEIFENG'], 'Type of the station'),
    areaCode: areaCode('Area of 12 digits down to the village, except for TOWNSHIP_SW'),
    address: text(TEXT_SENT, 'Street address'),
    hostOrgName: text(TEXT_SENT, 'Organisation that runs the station'),
    uscc: z
      .string()
      .refine(isUscc, { params: { code: 'FIELD_FORMAT' } })
      .optional()
      .meta({ description: 'Unified social credit code of the host (GB 32100)', minLength: 18, maxLength: 18 }),
    managers: list(managerSchema, { min: 1 }, 'Managers, the first is the one that is sent'),
    longitude: z.number().min(-180).max(180).optional().meta({ description: 'Degrees east' }),
    latitude: z.number().min(-90).max(90).optional().meta({ description: 'Degrees north' }),
    openedOn: date('Day of opening'),
    facilities: list(text(TEXT_KEPT, 'One facility'), {}, 'Facilities, kept and not sent').optional(),
    status: memberState('State of the station'),
  })
  .meta({ id: 'StationData' });
