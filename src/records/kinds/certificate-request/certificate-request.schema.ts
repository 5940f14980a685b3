import { z } from 'zod';
import { TEXT_KEPT, TEXT_SENT, date, list, sourceId, text } from '../fields.js';

/** Far above what one person serves in a lifetime of one-hour records; bounds the work of one request. */
const MOST_RECORDS = 10_000;

/** 志愿服务记录证明申请 (station-contract §3, R67-22). */
export const certificateRequestSchema = z
  .strictObject({
    volunteerId: sourceId('sourceId of the volunteer'),
    periodFrom: date('First day of the period'),
    periodTo: date('Last day of the period'),
    serviceRecordIds: list(
      sourceId('sourceId of a service record of that volunteer'),
      { min: 1, max: MOST_RECORDS },
      'Records to be certified; left out: every mirrored record of the period',
    ).optional(),
    purpose: text(TEXT_SENT, 'What the certificate is for').optional(),
    issuerOrgName: text(TEXT_SENT, 'Organisation that issues it'),
    responsiblePerson: text(TEXT_KEPT, 'Person responsible'),
    handler: text(TEXT_KEPT, 'Person who handles it'),
    contact: text(TEXT_KEPT, 'How to reach the handler'),
  })
  .meta({ id: 'CertificateRequestData' });
