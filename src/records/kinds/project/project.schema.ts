import { z } from 'zod';
import { SERVICE_FIELDS, SERVICE_OBJECTS } from '../../dictionaries.js';
import {
  SHORT_NAME,
  TEXT_SENT,
  areaCode,
  code,
  date,
  list,
  mobile,
  sourceId,
  text,
  wholeNumber,
  word,
} from '../fields.js';

const INTRO = 2000;
const MOST_RECRUITS = 1_000_000;

/** 志愿服务项目 (station-contract §3). */
export const projectSchema = z
  .strictObject({
    name: text(SHORT_NAME, 'Name of the project'),
    teamId: sourceId('sourceId of the team that runs it'),
    stationId: sourceId('sourceId of the station it belongs to'),
    areaCode: areaCode('Area of 12 digits'),
    serviceFields: list(code(SERVICE_FIELDS, 'Service field albx0009'), { min: 1, max: 4 }, '1 to 4 service fields'),
    serviceObjects: list(code(SERVICE_OBJECTS, 'Service object albx0014'), { min: 1 }, 'Whom it serves'),
    startOn: date('First day'),
    endOn: date('Last day'),
    address: text(TEXT_SENT, 'Place'),
    contactName: text(TEXT_SENT, 'Contact person'),
    contactMobile: mobile('Mobile number of the contact person'),
    recruitCount: wholeNumber(0, MOST_RECRUITS, 'How many volunteers are sought').optional(),
    insurance: text(TEXT_SENT, 'Insurance, in words').optional(),
    intro: text(INTRO, 'Introduction'),
    status: word(['DRAFT', 'OPEN', 'CLOSED'], 'State of the project'),
  })
  .meta({ id: 'ProjectData' });
