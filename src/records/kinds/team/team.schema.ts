import { z } from 'zod';
import { SERVICE_FIELDS } from '../../dictionaries.js';
import {
  SHORT_NAME,
  TEXT_SENT,
  areaCode,
  code,
  date,
  list,
  memberState,
  mobile,
  sourceId,
  text,
  word,
} from '../fields.js';

const INTRO = 500;

/** 志愿服务队伍 (station-contract §3). */
export const teamSchema = z
  .strictObject({
    name: text(SHORT_NAME, 'Name of the team'),
    stationId: sourceId('sourceId of the station it belongs to'),
    type: word(['COMMUNITY', 'ORGANISATION', 'LEGAL_PERSON'], 'Type of the team (albe0003 1, 2, 3)'),
    areaCode: areaCode('Area of 12 digits'),
    leaderVolunteerId: sourceId('sourceId of the volunteer who leads it').optional(),
    contactName: text(TEXT_SENT, 'Contact person'),
    contactMobile: mobile('Mobile number of the contact person'),
    foundedOn: date('Day of founding'),
    serviceFields: list(code(SERVICE_FIELDS, 'Service field albx0009'), { min: 1, max: 4 }, '1 to 4 service fields'),
    intro: text(INTRO, 'Introduction').optional(),
    status: memberState('State of the team'),
  })
  .meta({ id: 'TeamData' });
