import { z } from 'zod';
import { SERVICE_OBJECTS } from '../../dictionaries.js';
import {
  CONTENT,
  TEXT_KEPT,
  TEXT_SENT,
  code,
  date,
  dateTime,
  evidenceList,
  list,
  sourceId,
  text,
  word,
} from '../fields.js';

/** 志愿服务记录 (station-contract §3, R67-08). */
export const serviceRecordSchema = z
  .strictObject({
    volunteerId: sourceId('sourceId of the volunteer'),
    activityId: sourceId('sourceId of the activity'),
    serviceDate: date('Beijing date of startAt'),
    startAt: dateTime('Start of service'),
    endAt: dateTime('End of service, on the same day in Beijing; 24:00 is 00:00:00 of the next day'),
    // Its bounds are the law's (R67-09, G-43) and belong to the rule, so that one code answers for all of them.
    minutes: z.int().meta({ description: 'Minutes served, at most endAt − startAt', minimum: 1, maximum: 1440 }),
    place: text(TEXT_KEPT, 'Place of service'),
    content: text(CONTENT, 'What was done'),
    organiser: text(TEXT_KEPT, 'Organising unit'),
    responsiblePerson: text(TEXT_KEPT, 'Person responsible for the activity'),
    recorder: text(TEXT_SENT, 'Who made the record'),
    recordMode: word(['SIGN_IN', 'MANUAL', 'MAKEUP'], 'How the record came about'),
    recordedAt: dateTime('When the record was made'),
    beneficiaryTypes: list(code(SERVICE_OBJECTS, 'Service object albx0014'), { min: 1 }, 'Who was served').optional(),
    evidence: evidenceList('Proof kept at the station').optional(),
    remark: text(TEXT_KEPT, 'Remark; also the reason for a late entry').optional(),
  })
  .meta({ id: 'ServiceRecordData' });
