import { z } from 'zod';
import { EDUCATION, GENDERS, ID_TYPES, POLITICAL_STATUS, SERVICE_FIELDS, SKILLS } from '../../dictionaries.js';
import {
  TEXT_KEPT,
  TEXT_SENT,
  areaCode,
  code,
  date,
  dateTime,
  list,
  memberState,
  mobile,
  text,
  word,
} from '../fields.js';

const guardianSchema = z
  .strictObject({
    name: text(TEXT_SENT, 'Name of the guardian'),
    mobile: mobile('Mobile number of the guardian'),
  })
  .meta({ description: 'Guardian; required for minors (PI-08)' });

const consentSchema = z
  .strictObject({
    at: dateTime('When consent was given'),
    channel: word(['PAPER', 'APP', 'WEB', 'WECHAT', 'VERBAL'], 'How consent was given'),
    recordedBy: text(TEXT_KEPT, 'Who recorded it').optional(),
  })
  .meta({ description: 'Consent of the person to this entry; required (R67-06)' });

const shape = {
  name: text(TEXT_SENT, 'Name of the person'),
  idType: code(ID_TYPES, 'Type of identity document albp0004'),
  idNo: z
    .string()
    .regex(/^[0-9A-Za-z-]{1,32}$/)
    .meta({ description: 'Number of the identity document; with type 01 of GB 11643, 18 characters' }),
  gender: code(GENDERS, 'Gender GB/T 2261.1'),
  birthDate: date('Date of birth'),
  mobile: mobile('Mobile number'),
  serviceAreaCode: areaCode('Area of service, 12 digits'),
  residenceAreaCode: areaCode('Area of residence, 12 digits, anywhere on the mainland', 'mainland'),
  politicalStatus: code(POLITICAL_STATUS, 'Political status').optional(),
  education: code(EDUCATION, 'Education').optional(),
  skills: list(code(SKILLS, 'Skill albp0039'), {}, 'Skills').optional(),
  serviceFields: list(code(SERVICE_FIELDS, 'Service field albx0009'), { max: 4 }, 'Up to 4 service fields').optional(),
  guardian: guardianSchema.optional(),
  // Optional for the parser only, so that its absence gets the law's own code R67-06 from a rule (G-79).
  consent: consentSchema.optional(),
  joinedOn: date('Day of joining'),
  status: memberState('State of the volunteer'),
};

const OPTIONAL: readonly string[] = ['politicalStatus', 'education', 'skills', 'serviceFields', 'guardian'];

/** 志愿者 (station-contract §3). The published schema says that consent is required. */
export const volunteerSchema = z.strictObject(shape).meta({
  id: 'VolunteerData',
  required: Object.keys(shape).filter((field) => !OPTIONAL.includes(field)),
});
